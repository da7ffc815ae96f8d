import { deceives } from '../../text/shown-names.ts'

/** In UTF-16 units. A longer text stays unchanged, and `checkName` refuses it. */
const longestInput = 256
const longestName = 60

const middleDots = /[•‧∙⋅・･]/gu
const hyphens = /[‐‑‒–—−]/gu
const apostrophes = /[‘’ʼ`]/gu
const onlyHan = /^[\p{Script=Han}·\s]+$/u

/**
 * Normalises a name: NFKC, single spaces, one kind of middle dot (GB/T 2312's U+00B7), hyphen and apostrophe. Han names
 * have no spaces, although forms often put them between characters.
 */
export function normaliseName(name: string): string {
  if (name.length > longestInput) return name
  // NFKC would turn a separate acute accent into a space and a combining accent
  const folded = name.replaceAll('´', "'").normalize('NFKC')
  const signs = folded.replaceAll(middleDots, '·').replaceAll(hyphens, '-').replaceAll(apostrophes, "'")
  return signs.replaceAll(/\s+/gu, onlyHan.test(signs) ? '' : ' ').trim()
}

/** Letters of any script (and 〇), with signs between them; no digits, no brackets, no invisible characters. */
const wellFormed = /^[\p{L}〇][\p{L}\p{M}〇·' .-]*$/u
const badEnd = /[·' -]$/u

/** Checks a normalised name: 1 to 60 code points, letters and usual signs. */
export function checkName(name: string): 'name_required' | 'name_malformed' | undefined {
  if (name === '') return 'name_required'
  if (name.length > longestName * 2 || Array.from(name).length > longestName) return 'name_malformed'
  return wellFormed.test(name) && !badEnd.test(name) && !deceives(name) ? undefined : 'name_malformed'
}

/** Names with equal keys are the same name for a register: case does not count. */
export function matchKey(name: string): string {
  return normaliseName(name).toUpperCase().normalize('NFKC')
}

const longestOrganisationName = 100

/** Normalises the name of an organisation, which may contain digits and brackets; undefined for other texts. */
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
