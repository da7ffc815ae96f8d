import { numberToAscii } from './ascii.ts'

/** Mobile numbers by country code (ITU-T E.164). `trunk`: the prefix in national calls, on the mainland in old long-distance ones. */
const plans = [
  { code: '86', mobile: /^1[3-9]\d{9}$/, trunk: '0' },
  { code: '852', mobile: /^[4-9]\d{7}$/, trunk: '' },
  { code: '853', mobile: /^6\d{7}$/, trunk: '' },
  { code: '886', mobile: /^9\d{8}$/, trunk: '0' },
]

/** Country codes whose numbers have a known form, China first. */
export const phoneCodes: readonly string[] = plans.map(({ code }) => code)

/** A number of another country: its code and its digits, at most 15 together (ITU-T E.164 6.2.1). */
const foreign = /^[1-9]\d{7,14}$/

export type ParsedPhone = { ok: true; phone: string } | { ok: false; problem: 'phone_malformed' }

/**
 * Reads a mobile number: of the mainland with or without +86, 86 or 0086; of Hong Kong, Macao and Taiwan with their
 * codes after + or 00; of any other country after + or 00. The separators of RFC 3966 section 5.1.1 and spaces are ignored.
 * `phone` is E.164: +8613800138000.
 */
export function parsePhone(text: string): ParsedPhone {
  const typed = numberToAscii(text)?.replaceAll(/[ ().-]/g, '') ?? ''
  const international = /^(?:\+|00)(\d+)$/.exec(typed)?.[1]
  const given = international ?? (/^86\d{11}$/.test(typed) ? typed : `86${typed}`)
  for (const { code, mobile, trunk } of plans) {
    if (!given.startsWith(code)) continue
    const national = given.slice(code.length)
    const number = trunk && national.startsWith(trunk) ? national.slice(trunk.length) : national
    return mobile.test(number) ? { ok: true, phone: `+${code}${number}` } : { ok: false, problem: 'phone_malformed' }
  }
  const known = international !== undefined && foreign.test(international)
  return known ? { ok: true, phone: `+${international}` } : { ok: false, problem: 'phone_malformed' }
}
