import { deceives } from '../../text/names.ts'

/** In UTF-16 units; a longer text is left as it is, for `checkName` to refuse. */
const longestInput = 256
const longestName = 60

const middleDots = /[•‧∙⋅・･]/gu
const hyphens = /[‐‑‒–—−]/gu
const apostrophes = /[‘’ʼ`]/gu
const onlyHan = /^[\p{Script=Han}·\s]+$/u

/**
 * One way of writing a name: NFKC, white space trimmed and single, one kind of middle dot (GB/T 2312's U+00B7), hyphen and
 * apostrophe; no spaces at all in a name of Han characters, where forms often put them between.
 */
export function normaliseName(name: string): string {
  if (name.length > longestInput) return name
  // an acute accent by itself: NFKC would make a space and a combining accent of it
  const folded = name.replaceAll('´', "'").normalize('NFKC')
  const signs = folded.replaceAll(middleDots, '·').replaceAll(hyphens, '-').replaceAll(apostrophes, "'")
  return signs.replaceAll(/\s+/gu, onlyHan.test(signs) ? '' : ' ').trim()
}

/** Letters of any script (〇 counts as one), with signs between them; no digits, no brackets, nothing invisible. */
const wellFormed = /^[\p{L}〇][\p{L}\p{M}〇·' .-]*$/u
const badEnd = /[·' -]$/u

/** What is wrong with a name that `normaliseName` made: 1 to 60 characters, counted in code points. */
export function checkName(name: string): 'name_required' | 'name_malformed' | undefined {
  if (name === '') return 'name_required'
  if (name.length > longestName * 2 || Array.from(name).length > longestName) return 'name_malformed'
  return wellFormed.test(name) && !badEnd.test(name) && !deceives(name) ? undefined : 'name_malformed'
}

/** Names with equal keys are the same name: as a register compares them, without regard to case. */
export function matchKey(name: string): string {
  return normaliseName(name).toUpperCase().normalize('NFKC')
}

const longestOrganisationName = 100

/** The name of an organisation in one way of writing; undefined where it cannot be one. Digits and brackets may stand in it. */
export function normaliseOrganisationName(name: string): string | undefined {
  const text = normaliseName(name)
  const characters = Array.from(text).length
  if (characters < 2 || characters > longestOrganisationName) return undefined
  return /^[\p{L}\p{N}〇][\p{L}\p{M}\p{N}〇·'&,.()（）《》“”\- ]*$/u.test(text) &&
    /[\p{L}〇]/u.test(text) &&
    !deceives(text)
    ? text
    : undefined
}
