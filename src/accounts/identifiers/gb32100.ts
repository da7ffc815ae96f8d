import { numberToAscii } from './ascii.ts'

/** Digits and letters of GB 32100-2015 in order. I, O, S, V and Z are missing: they look like digits. */
const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const bodyLength = 17
const body = new RegExp(`^[${alphabet}]{2}\\d{6}[${alphabet}]{9}$`)

/** Kinds of organisations by the first two characters of the code (GB 32100-2015 table 1). */
const kinds = {
  '11': 'government_organ',
  '12': 'public_institution',
  '13': 'mass_organisation',
  '51': 'social_organisation',
  '52': 'social_organisation',
  '53': 'social_organisation',
  '91': 'enterprise',
  '92': 'individual_business',
  '93': 'cooperative',
} as const

export type OrganisationKind = (typeof kinds)[keyof typeof kinds] | 'other'

/**
 * The check character of a unified social credit code (GB 32100-2015 annex A): weights are powers of 3 modulo 31.
 * @param code the first 17 characters
 * @throws RangeError for other texts
 */
export function creditCodeCheck(code: string): string {
  if (!body.test(code)) throw new RangeError('the body of a GB 32100 code has 17 characters of its alphabet')
  let sum = 0
  let weight = 1
  for (const character of code) {
    sum += alphabet.indexOf(character) * weight
    weight = (weight * 3) % 31
  }
  return alphabet.charAt((31 - (sum % 31)) % 31)
}

/** A code by its form. `checks`: its check character is the one of GB 32100. */
export type ParsedCreditCode =
  | { ok: true; uscc: string; kind: OrganisationKind; checks: boolean }
  | { ok: false; problem: 'uscc_required' | 'uscc_malformed' }

/**
 * Reads a unified social credit code (统一社会信用代码) as people write it: full-width, with spaces or hyphens, in lower
 * case. Authorities gave out codes with another check character: a code that the register has is right all the same.
 * The organisation code inside it (GB 11714) is not checked for the same reason.
 */
export function parseCreditCode(text: string): ParsedCreditCode {
  const uscc = numberToAscii(text)?.replaceAll(/[ -]/g, '').toUpperCase()
  if (uscc === '') return { ok: false, problem: 'uscc_required' }
  if (uscc?.length !== bodyLength + 1 || !body.test(uscc.slice(0, bodyLength)) || !alphabet.includes(uscc.slice(-1))) {
    return { ok: false, problem: 'uscc_malformed' }
  }
  const checks = creditCodeCheck(uscc.slice(0, bodyLength)) === uscc.charAt(bodyLength)
  return { ok: true, uscc, kind: organisationKind(uscc), checks }
}

/** The region of the registering authority (positions 3 to 8, GB/T 2260). */
export const registeredRegion = (uscc: string) => uscc.slice(2, 8)

/** The kind of organisation of a code. */
export function organisationKind(uscc: string): OrganisationKind {
  return kinds[uscc.slice(0, 2) as keyof typeof kinds] ?? 'other'
}
