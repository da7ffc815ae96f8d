/** Fillers, joiners and selectors, which are invisible or only sometimes visible. */
const invisible = /\p{Default_Ignorable_Code_Point}/u
/** No script stacks four marks on a letter; many marks cover the lines above and below. */
const flood = /\p{M}{4}/u
const letter = /[\p{L}〇]/u
/** Scripts with letters that look alike; no name needs two of them (Unicode UTS 39 section 5.1). */
const alike = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]

/** Whether a name of a person, organisation or portal contains invisible characters, or characters that imitate others. */
export function deceives(name: string): boolean {
  return invisible.test(name) || flood.test(name) || alike.filter((script) => script.test(name)).length > 1
}

/** Punctuation of Chinese names, and the Tibetan syllable mark; NFKC would replace some of them. */
const ownSigns = '—，。：、！（）《》“”「」【】་'
const notOwnSigns = new RegExp(`[^${ownSigns}]+`, 'gu')
const signs = new RegExp(`^[\\p{L}\\p{M}\\p{N}〇·'&,.:()/+|${ownSigns}\\- ]+$`, 'u')

/** Normalises a displayed name: NFKC except for Chinese punctuation, single spaces. */
export function normaliseShownName(name: string): string {
  const folded = name.normalize('NFC').replaceAll(notOwnSigns, (run) => run.normalize('NFKC'))
  return folded.replaceAll(/\p{Zs}+/gu, ' ').trim()
}

/** Why a normalised name cannot be the name of a portal or its operator; undefined for a valid name. */
export function faultOfShownName(name: string): string | undefined {
  if (!letter.test(name)) return 'must contain a letter or a Chinese character'
  if (deceives(name)) return 'has invisible characters, or characters that look like others'
  if (!signs.test(name)) return 'has characters not allowed in a name: use letters, digits and usual punctuation'
  return undefined
}

const sameShape: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', i: 'l', '|': 'l', 〇: 'o' }

/** Reduces a name to its visual shape (Unicode UTS 39 section 4); names with equal skeletons look the same. */
export function skeletonOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{Script=Inherited}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/[01i|〇]/g, (one) => sameShape[one] ?? one)
    .replaceAll(/[\p{P}\p{S}\p{Z}\p{C}]/gu, '')
    .normalize('NFKC')
}
