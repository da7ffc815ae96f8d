import { asciiHyphens } from './ascii.ts'
import { usualHan, withoutPrivateUse } from './han-characters.ts'
import { withoutInvisible } from '../../text/invisible.ts'
import { deceives } from '../../text/shown-names.ts'

/** In UTF-16 units. A longer text stays unchanged, and `checkName` refuses it. */
const longestInput = 1024
/** In code points. Passports and permanent residence cards have long names of many parts. */
const longestName = 150
const longestHanName = 60

/** ㆍ and ᆞ too: NFKC makes the one from the other. */
const middleDots = /[•‧∙⋅・･·●⸱⸳᛫ꞏ𐄁ᐧㆍᆞ◦∘⦁⚫]/gu
/** Keyboards without a middle dot give a full stop: Han names have none. Some people write a dot twice. */
const hanDots = /(?<=\p{Script=Han})\s*[.。·][.。·\s]*(?=\p{Script=Han})/gu
const apostrophes = /[‘’‛ʼʻʽʹˈ`′‵]/gu
const onlyHan = /^[\p{Script=Han}·\s]+$/u
/** Circles, as keyboards without 〇 give them. */
const circles = /[○◯⭕⚪⭘]/gu
const hanWithCircles = /^(?=.*\p{Script=Han})[\p{Script=Han}·\s○◯⭕⚪⭘]+$/u

/**
 * Normalises a name: NFKC, single spaces, one kind of middle dot (GB/T 2312's U+00B7), hyphen and apostrophe. It takes
 * out invisible marks, and replaces private code points of GBK and radicals by their characters. Han names have no
 * spaces, although forms often put them between characters. A circle in a Han name is 〇.
 */
export function normaliseName(name: string): string {
  if (name.length > longestInput) return name
  // NFKC would turn a separate accent into a space and a combining accent
  const plain = usualHan(withoutInvisible(name)).replaceAll('´', "'").replaceAll('˙', '·')
  const marked = asciiHyphens(plain.normalize('NFKC')).replaceAll(middleDots, '·').replaceAll(apostrophes, "'")
  const signs = marked.replaceAll(hanDots, '·')
  const han = hanWithCircles.test(signs) ? signs.replaceAll(circles, '〇') : signs
  const spaced = han.replaceAll(/\s+/gu, onlyHan.test(han) ? '' : ' ').trim()
  // a syllable of Tibetan ends with a mark, which many leave out at the end of a name
  return spaced.replace(/་+$/u, '')
}

/** Letters of any script (and 〇), with signs between them (’t Hooft begins with one); no digits, no brackets. */
const wellFormed = /^'?[\p{L}〇][\p{L}\p{M}〇·' .,/་-]*$/u
const badEnd = /[·' ,/-]$/u

/** Checks a normalised name: letters and usual signs; at most 60 Chinese characters, or 150 of other scripts. */
export function checkName(name: string): 'name_required' | 'name_malformed' | 'name_too_long' | undefined {
  if (name === '') return 'name_required'
  if (name.length > longestName * 2) return 'name_too_long'
  if (Array.from(name).length > (onlyHan.test(name) ? longestHanName : longestName)) return 'name_too_long'
  return wellFormed.test(name) && !badEnd.test(name) && !deceives(name) ? undefined : 'name_malformed'
}

/**
 * Names with equal keys are the same name for a register: case does not count, nor how a system divides family name and
 * given name (`SMITH, JOHN`, `WANG/XIAOMING`). Spreadsheets take an apostrophe at the beginning for a mark of a text.
 */
export function matchKey(name: string): string {
  const parts = normaliseName(name).replace(/^'/, '').replaceAll(/[,/]/g, ' ')
  return normaliseName(parts).toUpperCase().normalize('NFKC')
}

const longestOrganisationName = 200
const letterOrDigit = /[\p{L}\p{N}]/u
/** Characters without a shape, fillers, and many marks on one letter. */
const unshown = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|\p{M}{4}/u

/** The name of an organisation as its register has it, without invisible marks; undefined for a text without a name. */
export function registeredOrganisationName(name: string): string | undefined {
  if (name.length > longestInput) return undefined
  const text = withoutPrivateUse(withoutInvisible(name))
    .replaceAll(/[\t\p{Zs}]+/gu, ' ')
    .trim()
  const fits = letterOrDigit.test(text) && !unshown.test(text) && Array.from(text).length <= longestOrganisationName
  return fits ? text : undefined
}

/** Names with equal keys are the same name of an organisation: forms of characters, spaces and case do not count. */
export const organisationKey = (name: string): string => normaliseName(name).toUpperCase().replaceAll(' ', '')

/**
 * Normalises the name of an organisation that no register confirms: an administrator types it. It may contain digits and
 * signs of registered names, but nothing that imitates other characters; undefined for other texts.
 */
export function normaliseOrganisationName(name: string): string | undefined {
  const text = normaliseName(name)
  const characters = Array.from(text).length
  if (characters < 2 || characters > longestOrganisationName) return undefined
  return /^[\p{L}\p{N}〇《“【@][\p{L}\p{M}\p{N}〇·'&,.()（）《》“”【】\-+/、#@:% ]*$/u.test(text) &&
    /[\p{L}〇]/u.test(text) &&
    !deceives(text)
    ? text
    : undefined
}
