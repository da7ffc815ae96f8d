/**
 * Every way in which Yideng says no, each with the status it is answered with.
 * The words people read stand in views/words under `errors.<code>` (whole pages) and `refusals.<code>` (above a form).
 */
export const refusals = {
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
  redirect_uri_mismatch: 400,
  request_invalid: 400,
  recovery_gone: 400,
  not_by_qr: 403,
  mandates_not_by_qr: 403,
  not_by_face: 403,
  kiosk_elsewhere: 403,
  last_way_in: 409,
  qr_gone: 400,
  too_many_requests: 429,
  busy: 503,
  unavailable: 503,
  server_error: 500,
  // above the sign-in form
  sign_in_refused: 400,
  too_many_tries: 429,
  qr_ended: 400,
  passkey_refused: 400,
  passkey_other_person: 400,
  passkey_held: 403,
  recovery_refused: 400,
  passkey_needed: 403,
  missing_identifier: 400,
  missing_password: 400,
} as const

export type RefusalCode = keyof typeof refusals

/** Seconds, where nobody knows how long it takes. */
const usualWait = 30
const passes: ReadonlySet<RefusalCode> = new Set(['busy', 'too_many_requests'])

/** An expected failure that ends the request: status and public words follow from the code, the message is for the log. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: number
  /** Seconds after which to come again (Retry-After), where that helps. */
  readonly retryAfter: number | undefined

  constructor(code: RefusalCode, detail: string = code, retryAfter?: number) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.status = refusals[code]
    this.retryAfter = retryAfter ?? (passes.has(code) ? usualWait : undefined)
  }
}
