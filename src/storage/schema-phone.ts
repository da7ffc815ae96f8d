import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'

/** A number was proven by a code in a text. */
export const byText = 'sms' as const
/** A number was proven by its carrier, for the telephone that has it (号码认证). */
export const byCarrier = 'onetap' as const

/** WeChat knows the number, and its person showed it to us. */
export const byWechat = 'wechat' as const

/** A system whose accounts were imported has checked the number. */
export const byUpstream = 'upstream' as const

/** Telephone numbers, and tokens of one-time codes that no person has yet. */
export interface PhoneTables {
  /** One row for each way in which a person has proven a number. */
  phone_proofs: {
    person_id: string
    phone_index: BlindIndex
    how: typeof byText | typeof byCarrier | typeof byWechat | typeof byUpstream | 'alipay' | 'clerk' | 'register'
    /** Beginning of the time in which the number was proven without a gap. */
    first_at: Time
    /** The newest proof. */
    at: Time
    /** The number changed hands, or its person gave it up. */
    ended_at: Time | null
  }
  /** The embedded stand-in for the carriers' check of name, number and phone. */
  phone_register: { phone_index: BlindIndex; owner_index: BlindIndex; imported_at: Time }
  /** Hardware tokens before they are given to a person. */
  otp_tokens: {
    serial_index: BlindIndex
    /** JSON with serial number, seed and kind. */
    token: Sealed
    imported_at: Time
  }
  /** When each vendor last answered, and last did not. */
  vendor_calls: {
    vendor: string
    succeeded_at: Time | null
    failed_at: Time | null
    /** A code of the vendor, or a status. */
    fault: string | null
  }
}

export const phoneMarks: { [T in keyof PhoneTables]: { [C in keyof PhoneTables[T]]: Mark } } = {
  phone_proofs: {
    person_id: 'open',
    phone_index: 'sensitive',
    how: 'open',
    first_at: 'open',
    at: 'open',
    ended_at: 'open',
  },
  phone_register: { phone_index: 'sensitive', owner_index: 'sensitive', imported_at: 'open' },
  otp_tokens: { serial_index: 'sensitive', token: 'sensitive', imported_at: 'open' },
  vendor_calls: { vendor: 'open', succeeded_at: 'open', failed_at: 'open', fault: 'open' },
}
