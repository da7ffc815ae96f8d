import type { Context } from 'koa'
import type { Client } from '../../clients/clients.ts'
import { fillTemplate, type TifProfile } from '../../config/legacy-protocols.ts'
import { standingOf } from '../begin-sign-in.ts'
import { admitPortal, checkSecret, isFromServers } from '../callers.ts'
import type { LegacyDeps } from '../legacy-routes.ts'
import { parametersOf } from '../parameters.ts'
import { readClaims, redeem, type LegacyGrant } from '../redeem.ts'
import { refuseTif, type TifRefusal } from './tif-errors.ts'
import { findToken, keepToken, tokenSeconds, useToken } from './tif-tokens.ts'
import { tifValuesOf } from './tif-values.ts'

/** A portal that may call now, or why it may not. */
export async function callingPortal(
  ctx: Context,
  { protocol }: TifProfile,
  { findRegistered, clock }: LegacyDeps,
  id: string,
): Promise<Client | TifRefusal> {
  const client = await findRegistered(id)
  const standing = standingOf(client, protocol, clock())
  if (!client || standing === 'unknown') return 'unknown_portal'
  // first of all: elsewhere no secret can be tried, and no token used up
  if (!isFromServers(ctx, client)) return 'wrong_network'
  if (standing === 'paused') return 'portal_paused'
  return standing === 'ended' ? 'legacy_ended' : client
}

/** `access_token`: a code for an opaque token. The secret is in the query, so this answer depends on no page. */
export async function giveToken(ctx: Context, profile: TifProfile, deps: LegacyDeps): Promise<void> {
  const given = parametersOf(ctx)
  if (!given) return refuseTif(ctx, 'invalid_request')
  const { client_id: id = '', client_secret: secret = '', code = '', redirect_uri: redirectUri = '' } = given
  const client = await callingPortal(ctx, profile, deps, id)
  if (typeof client === 'string') return refuseTif(ctx, client)
  const checked = await checkSecret(deps, ctx, client, secret)
  if (checked !== 'right') return refuseTif(ctx, checked === 'wait' ? 'too_many_calls' : 'invalid_client')
  await admitPortal(deps, ctx, client)
  if (given['grant_type'] !== 'authorization_code' || given['scope'] !== 'all') return refuseTif(ctx, 'invalid_request')
  const grant = await takeCode(deps, client, { code, redirectUri })
  if (!grant) return refuseTif(ctx, 'invalid_grant')
  ctx.body = {
    expires_in: tokenSeconds,
    token_type: 'Bearer',
    access_token: await keepToken(deps.artifacts, grant),
  }
}

/**
 * The sign-in behind a code, once. A second use gives nothing, and the token of the first stays: it ends within minutes,
 * and old portals repeat a call whose answer they lost.
 */
export async function takeCode(
  deps: LegacyDeps,
  client: Client,
  { code, redirectUri }: { code: string; redirectUri: string | undefined },
): Promise<LegacyGrant | undefined> {
  const isOwn = async (id: string) => (await deps.findRegistered(id))?.legacy === client.legacy
  const redeemed = await redeem(deps, { client, code, redirectUri, isOwn })
  return redeemed.ok ? redeemed.grant : undefined
}

/** `tokeninfo`: what the portal may know of the account behind a token. */
export async function giveTokenInfo(ctx: Context, profile: TifProfile, deps: LegacyDeps): Promise<void> {
  const { access_token: token = '' } = parametersOf(ctx) ?? {}
  const grant = await findToken(deps.artifacts, token)
  if (!grant) return refuseTif(ctx, 'invalid_token')
  const client = await callingPortal(ctx, profile, deps, grant.clientId)
  if (typeof client === 'string') return refuseTif(ctx, client)
  await admitPortal(deps, ctx, client)
  if (!(await useToken(deps.artifacts, token))) return refuseTif(ctx, 'invalid_token')
  const answer = await describe(ctx, profile, deps, { client, grant })
  if (answer === undefined) return refuseTif(ctx, 'invalid_token')
  ctx.body = answer
}

/** The answer of the profile. Undefined where the sign-in, the grant or the account has ended. */
export async function describe(
  ctx: Context,
  profile: TifProfile,
  deps: LegacyDeps,
  { client, grant }: { client: Client; grant: LegacyGrant },
) {
  const claims = await readClaims(deps, ctx, grant)
  return claims && fillTemplate(profile.tokeninfo, tifValuesOf(profile, { client, grant, claims }))
}
