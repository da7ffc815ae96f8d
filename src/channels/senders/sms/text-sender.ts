import type { Sender } from '../sender.ts'

/** What a text is for, as the webhook names it (DESIGN 1.4). */
export const textPurposes = ['sign-in', 'register', 'bind', 'recover'] as const

export type TextPurpose = (typeof textPurposes)[number]

/** A text to one telephone number. */
export interface TextMessage {
  /** E.164, such as +8613800138000. */
  to: string
  purpose: TextPurpose
  /** Six digits; empty in a text that only informs. */
  code: string
  /** Name of the portal or of the login, as in the text, for templates that have room for it. */
  portal: string
  language: string
  /** The whole text, for senders without templates. */
  text: string
}

/** Sends texts. It throws `VendorFailed` for a text that was not accepted in time; such a text may still arrive. */
export type TextSender = Sender<TextMessage>
