import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { setAnswerHeaders, type Direct } from './answers.ts'
import { bearerOf } from './plain-requests.ts'

export interface DirectUserinfoDeps {
  provider: Provider
  findAccount: NonNullable<Configuration['findAccount']>
}

/**
 * Userinfo for an opaque bearer token (OpenID Connect Core section 5.3). oidc-provider gets a token that is bound to a key or is for
 * an API. It also gets a token with a `claims` request, and an answer as JWT.
 */
export const directUserinfo =
  (deps: DirectUserinfoDeps): Direct =>
  (ctx) =>
    answer(deps, ctx).catch(() => false)

async function answer({ provider, findAccount }: DirectUserinfoDeps, ctx: KoaContextWithOIDC): Promise<boolean> {
  const token = bearerOf(ctx.req)
  const access = token === undefined ? undefined : await provider.AccessToken.find(token)
  if (!access || access.aud !== undefined || access.claims !== undefined || access.isSenderConstrained()) return false
  if (!access.scopes.has('openid')) return false
  const { oidc } = ctx
  oidc.entity('AccessToken', access)
  const client = await provider.Client.find(access.clientId ?? '')
  if (!client || client.userinfoSignedResponseAlg || client.userinfoEncryptedResponseAlg) return false
  oidc.entity('Client', client)
  const account = await findAccount(ctx, access.accountId, access)
  if (!account) return false
  oidc.entity('Account', account)
  const grant = await provider.Grant.find(access.grantId)
  if (!grant || grant.clientId !== access.clientId || grant.accountId !== access.accountId) return false
  oidc.entity('Grant', grant)
  ctx.body = await claimsFor(ctx, access.scopes)
  setAnswerHeaders(ctx)
  return true
}

async function claimsFor(ctx: KoaContextWithOIDC, scopes: Set<string>): Promise<object> {
  const { account, grant, provider } = ctx.oidc
  if (!account || !grant) throw new Error('no account, or no grant')
  const scope = grant.getOIDCScopeFiltered(scopes)
  const rejected = grant.getRejectedOIDCClaims()
  const available = await account.claims('userinfo', scope, {}, rejected)
  const claims = new provider.Claims({ ...available, sub: account.accountId }, { ctx })
  claims.scope(scope)
  claims.rejected(rejected)
  return claims.result()
}
