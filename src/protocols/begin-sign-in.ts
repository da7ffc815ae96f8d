import type { Context, Next } from 'koa'
import type { Client } from '../clients/clients.ts'
import { speaksLegacy } from '../clients/legacy.ts'
import { markLegacyRequest } from '../oidc/legacy-requests.ts'
import { portalOf } from '../oidc/pages.ts'
import { requestOf, showPage } from '../pages/request-context.ts'
import { Refusal, refusals } from '../refusal/refusal.ts'

export interface LegacySignIn {
  client: Client
  /** A registered address, exactly. */
  redirectUri: string
  /** It comes back with the answer. Its browser can read and change it. */
  state?: string | undefined
  /** The redeemed code has it again. No browser can read or change it. */
  nonce?: string | undefined
  /** `login`: a fresh sign-in; `none`: without a question (OpenID Connect Core section 3.1.2.1). */
  prompt?: 'login' | 'none' | undefined
}

/**
 * Goes on as an authorization request of the same provider. So sign-in, level, consent, principal and minimisation are
 * the usual ones. The answer leaves through the `legacyAnswer` of the protocol (answers.ts).
 */
export function beginSignIn(
  ctx: Context,
  next: Next,
  { client, redirectUri, state, nonce, prompt }: LegacySignIn,
): Promise<void> {
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: client.scope.join(' '),
    ...(state === undefined ? {} : { state }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(prompt === undefined ? {} : { prompt }),
  })
  markLegacyRequest(ctx.req)
  ctx.url = `/authorize?${query.toString()}`
  return next()
}

/** What a registration may do at the endpoints of a protocol today. */
export type Standing = 'unknown' | 'paused' | 'ended' | 'open'

/** @param now milliseconds since 1970 UTC */
export function standingOf(client: Client | undefined, protocol: string, now: number): Standing {
  if (client?.legacy !== protocol) return 'unknown'
  if (client.status === 'suspended') return 'paused'
  return speaksLegacy(client, now) ? 'open' : 'ended'
}

/**
 * The portal that a browser comes from. Undefined where its page says that it is paused, or that its last day has passed.
 * @throws Refusal `not_found` for a portal without this protocol
 */
export function openPortal(
  ctx: Context,
  client: Client | undefined,
  { protocol, now }: { protocol: string; now: number },
): Client | undefined {
  const standing = standingOf(client, protocol, now)
  if (client === undefined || standing === 'unknown') throw new Refusal('not_found', 'no portal with this protocol')
  if (standing === 'open') return client
  const request = requestOf(ctx)
  const code = standing === 'paused' ? 'client_paused' : 'legacy_ended'
  const status = refusals[code]
  const reference = request.refer({ code, status, client: client.id })
  const portal = portalOf(client, request.language)
  if (standing === 'paused') showPage(ctx, 'error/error', { code, portal, reference }, status)
  else showPage(ctx, 'error/legacy-ended', { portal, until: client.legacy_until, reference }, status)
  return undefined
}
