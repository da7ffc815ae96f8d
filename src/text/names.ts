/** What shows nothing, or only sometimes: fillers, joiners, selectors. */
const invisible = /\p{Default_Ignorable_Code_Point}/u
/** No script stacks more on one letter; a flood of them covers the lines above and below. */
const flood = /\p{M}{4}/u
const letter = /[\p{L}〇]/u
/** Scripts with letters that look alike; no name needs two of them (Unicode UTS 39 section 5.1). */
const alike = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]

/** Whether a name, of a person, an organisation or a portal, holds what cannot be seen or looks like something else. */
export function deceives(name: string): boolean {
  return invisible.test(name) || flood.test(name) || alike.filter((script) => script.test(name)).length > 1
}

/** Signs that Chinese names are written with, and the Tibetan one between syllables; NFKC would make other signs of some. */
const ownSigns = '—，。：、！（）《》“”「」【】་'
const notOwnSigns = new RegExp(`[^${ownSigns}]+`, 'gu')
const signs = new RegExp(`^[\\p{L}\\p{M}\\p{N}〇·'&,.:()/+|${ownSigns}\\- ]+$`, 'u')

/** A name to be shown, in one way of writing: all but Chinese punctuation in its usual form (NFKC), single spaces. */
export function normaliseShownName(name: string): string {
  const folded = name.normalize('NFC').replaceAll(notOwnSigns, (run) => run.normalize('NFKC'))
  return folded.replaceAll(/\p{Zs}+/gu, ' ').trim()
}

/** Why a name that `normaliseShownName` made cannot be that of a portal or of who runs it; undefined where it can. */
export function faultOfShownName(name: string): string | undefined {
  if (!letter.test(name)) return 'must hold a letter or a Chinese character'
  if (deceives(name)) return 'has characters that cannot be seen, or that look like others'
  if (!signs.test(name))
    return 'has signs that do not belong in a name: letters, digits and usual punctuation may stand in it'
  return undefined
}

const sameShape: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', i: 'l', '|': 'l', 〇: 'o' }

/** What is left of a name when it is looked at fleetingly; names of equal skeletons look the same. */
export function skeletonOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{Script=Inherited}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/[01i|〇]/g, (one) => sameShape[one] ?? one)
    .replaceAll(/[\p{P}\p{S}\p{Z}\p{C}]/gu, '')
    .normalize('NFKC')
}
