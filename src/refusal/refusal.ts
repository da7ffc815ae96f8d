import { declared, type DeclaredKey } from '../login-methods.ts'

const codes = {
  // pages
  not_found: 404,
  method_not_allowed: 405,
  bad_request: 400,
  too_large: 413,
  unsupported_media_type: 415,
  forbidden: 403,
  csrf: 403,
  login_expired: 400,
  client_unknown: 400,
  client_paused: 400,
  legacy_ended: 403,
  legacy_declined: 403,
  redirect_uri_mismatch: 400,
  request_invalid: 400,
  logout_invalid: 400,
  recovery_gone: 400,
  last_way_in: 409,
  link_held: 403,
  too_many_requests: 429,
  busy: 503,
  unavailable: 503,
  portal_unavailable: 503,
  server_error: 500,
  // above the sign-in form
  sign_in_refused: 400,
  sign_in_ended: 400,
  account_locked: 400,
  too_many_tries: 429,
  recovery_refused: 400,
  missing_identifier: 400,
} as const

export type RefusalCode = keyof typeof codes | DeclaredKey<'refusals'>

/**
 * Every refusal with its HTTP status; each login method declares its own. The words that people read are `errors.<code>` (a whole
 * page) or `refusals.<code>` (above a form).
 */
export const refusals: Readonly<Record<RefusalCode, number>> = { ...codes, ...declared('refusals') }

/** Seconds to wait (Retry-After) where the real time is unknown. */
const usualWait = 30
const passes: ReadonlySet<RefusalCode> = new Set(['busy', 'too_many_requests'])

/** An expected failure that ends the request. Status and words follow from the code; the message is for the log. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: number
  /** Retry-After in seconds, where a later request may succeed. */
  readonly retryAfter: number | undefined

  constructor(code: RefusalCode, detail: string = code, retryAfter?: number) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.status = refusals[code]
    this.retryAfter = retryAfter ?? (passes.has(code) ? usualWait : undefined)
  }
}
