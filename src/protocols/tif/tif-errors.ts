import type { Context } from 'koa'

/** Every refusal of a call of a portal's server: its code, its HTTP status, and what to do. */
const refusals = {
  invalid_request: [400, 'a parameter is missing, repeated or wrong'],
  invalid_client: [401, 'client_id and client_secret do not fit'],
  invalid_grant: [400, 'the code is unknown, used, expired, or of another portal or address'],
  invalid_token: [401, 'the access token is unknown, expired, or used up'],
  invalid_signature: [401, 'the signature does not fit, its time is not now, or its nonce was used before'],
  wrong_network: [403, 'the call does not come from the networks that are registered for this portal'],
  too_many_calls: [429, 'too many wrong secrets, wait before you try again'],
  legacy_ended: [403, 'the last day of this protocol has passed: change the portal to OpenID Connect'],
  portal_paused: [403, 'the portal is suspended'],
  unknown_portal: [404, 'no portal with this id speaks this protocol'],
} as const satisfies Record<string, readonly [number, string]>

export type TifRefusal = keyof typeof refusals

/** Answers with the error document of this protocol. */
export function refuseTif(ctx: Context, code: TifRefusal): void {
  const [status, message] = refusals[code]
  ctx.status = status
  ctx.body = { error_code: code, error_msg: message }
}
