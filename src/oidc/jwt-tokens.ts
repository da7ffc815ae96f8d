import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import type { Middleware } from 'koa'
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { registrationOf } from './client-registrations.ts'
import { keySetVersion } from './engine/provider-key-set.ts'
import { readOwnSm2Token, sm2HeaderOf } from './engine/sm2-tokens.ts'
import { hashId } from '../storage/hash-id.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { mayIntrospect, personCounts } from './introspection.ts'

export interface JwtTokensDeps {
  provider: Provider
  findAccount: NonNullable<Configuration['findAccount']>
  findClient(id: string): Promise<Client | undefined>
  artifacts: Pick<Artifacts, 'get' | 'put'>
  clock: Clock
}

/** Ids of revoked tokens of services. Those of people are stored themselves (engine/kept-jwt-tokens.ts). */
const revoked = 'RevokedServiceToken'

/**
 * Introspection and revocation of JWT access tokens (RFC 7662 section 2, RFC 7009 section 2). oidc-provider refuses
 * structured tokens at both endpoints, after it has authenticated the client; this answers in its place.
 */
export function answerForJwtTokens(deps: JwtTokensDeps): Middleware {
  return async (ctx, next) => {
    await next()
    const given = ctx as unknown as KoaContextWithOIDC
    const route = (given as Partial<KoaContextWithOIDC>).oidc?.route
    if (route !== 'introspection' && route !== 'revocation') return
    if ((ctx.body as { error?: unknown } | null)?.error === 'unsupported_token_type') {
      ctx.status = 200
      ctx.body = route === 'introspection' ? await introspect(deps, given) : await revoke(deps, given)
    }
    // an empty answer has no type (RFC 9110 section 8.3); the status alone counts (RFC 7009 section 2.2)
    if (route === 'revocation' && ctx.body === '') ctx.remove('content-type')
  }
}

const keySets = new WeakMap<object, ReturnType<typeof createLocalJWKSet>>()

function keysOf(provider: Provider) {
  const published = keySetVersion(provider)
  const keys = keySets.get(published) ?? createLocalJWKSet(published as JSONWebKeySet)
  keySets.set(published, keys)
  return keys
}

/** The claims of a JWT access token of this server (RFC 9068 section 4). Undefined for any other text. */
async function read({ provider, clock }: JwtTokensDeps, { oidc }: KoaContextWithOIDC): Promise<JWTPayload | undefined> {
  const token = String(oidc.params?.['token'])
  const now = clock()
  if (sm2HeaderOf(token)) return readSm2(provider, token, now)
  try {
    const options = { issuer: provider.issuer, typ: 'at+jwt', currentDate: new Date(now) }
    return (await jwtVerify(token, keysOf(provider), options)).payload
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}

/** The same checks as `jwtVerify` makes. */
async function readSm2(provider: Provider, token: string, now: number): Promise<JWTPayload | undefined> {
  const { header, payload } = (await readOwnSm2Token(provider, token)) ?? {}
  const lives = typeof payload?.exp === 'number' && payload.exp * 1000 > now
  return header?.typ === 'at+jwt' && payload?.iss === provider.issuer && lives ? payload : undefined
}

async function introspect(deps: JwtTokensDeps, ctx: KoaContextWithOIDC): Promise<object> {
  const inactive = { active: false }
  const { client } = ctx.oidc
  const claims = await read(deps, ctx)
  if (!claims || !client) return inactive
  const { aud, client_id: clientId } = claims
  if (!mayIntrospect(registrationOf(client), { clientId, aud }) || !(await isLive(deps, ctx, claims))) return inactive
  const { jkt } = (claims['cnf'] ?? {}) as { jkt?: string }
  return { ...claims, active: true, token_type: jkt === undefined ? 'Bearer' : 'DPoP' }
}

/** Whether the portal may still reach the API. The grant, the session and the person must exist. */
async function isLive(deps: JwtTokensDeps, ctx: KoaContextWithOIDC, claims: JWTPayload): Promise<boolean> {
  const { provider, findAccount, findClient } = deps
  const owner = await findClient(String(claims['client_id']))
  if (!owner || !owner.resources.includes(String(claims.aud))) return false
  // of a service: it has no grant
  if (claims.sub === owner.id) return (await deps.artifacts.get(revoked, hashId(String(claims.jti)))) === undefined
  const token = await provider.AccessToken.find(String(claims.jti))
  if (!token || token.clientId !== owner.id) return false
  const grant = await provider.Grant.find(token.grantId)
  if (!grant || grant.accountId !== token.accountId) return false
  return personCounts(findAccount, ctx, token)
}

/** A caller without permission and one with a foreign token get the same answer (RFC 7009 section 2.2). */
async function revoke(deps: JwtTokensDeps, ctx: KoaContextWithOIDC): Promise<string> {
  const claims = await read(deps, ctx)
  if (!claims || claims['client_id'] !== ctx.oidc.client?.clientId) return ''
  if (claims.sub === claims['client_id']) {
    const ttl = Math.ceil((claims.exp ?? 0) - deps.clock() / 1000)
    if (ttl > 0) await deps.artifacts.put(revoked, hashId(String(claims.jti)), '1', { ttl })
  } else {
    const token = await deps.provider.AccessToken.find(String(claims.jti))
    await token?.destroy()
  }
  return ''
}
