import type {
  AccessToken,
  Client as OidcClient,
  ClientCredentials,
  KoaContextWithOIDC,
  Provider,
  RefreshToken,
} from 'oidc-provider'
import type { ParsedUrlQuery } from 'node:querystring'
import type { AuthenticateClient } from '../engine/client-secrets.ts'
import type { createIntrospectionPolicy } from '../introspection.ts'
import type { Subjects } from '../subjects.ts'
import { setAnswerHeaders, type Direct } from './answers.ts'
import { credentialsOf, isOtherwiseAuthenticated, peekForm, type Credentials } from './plain-requests.ts'

type Token = AccessToken | ClientCredentials | RefreshToken

export interface DirectIntrospectionDeps {
  provider: Provider
  pairwise: Subjects['pairwise']
  introspectionPolicy: ReturnType<typeof createIntrospectionPolicy>
  authenticate: AuthenticateClient
}

/**
 * Introspection of an opaque token by a client with a secret in the header (RFC 7662). It leaves to oidc-provider: other ways to
 * authenticate, structured tokens, and each answer `active: false`.
 */
export function directIntrospection(deps: DirectIntrospectionDeps): Direct {
  return async (ctx) => {
    const credentials = credentialsOf(ctx.req)
    const form = credentials && (await peekForm(ctx.req))
    if (!form) return false
    const answer = await answerTo(deps, ctx, form.fields, credentials).catch(() => undefined)
    if (answer === undefined) {
      form.putBack()
      return false
    }
    // ends the stream, so that the connection takes the next request
    ctx.req.resume()
    ctx.body = answer
    setAnswerHeaders(ctx)
    return true
  }
}

async function answerTo(
  deps: DirectIntrospectionDeps,
  ctx: KoaContextWithOIDC,
  fields: ParsedUrlQuery,
  credentials: Credentials,
): Promise<object | undefined> {
  const { provider, authenticate } = deps
  const { token: value, token_type_hint: hint } = fields
  if (typeof value !== 'string' || !opaqueForm.test(value) || Array.isArray(hint)) return undefined
  if (isOtherwiseAuthenticated(fields)) return undefined
  const client = await provider.Client.find(credentials.id)
  if (!client || !authenticate(ctx, client, credentials.secret)) return undefined
  ctx.oidc.entity('Client', client)
  const token = await find(provider, value)
  return token && describe(deps, ctx, client, token)
}

/** Not that of a JWT, which has dots. */
const opaqueForm = /^[\w-]{20,200}$/

/** Ids of different kinds are never equal, so the first kind that has one is the only one. */
const find = async ({ AccessToken, ClientCredentials, RefreshToken }: Provider, value: string) =>
  (await AccessToken.find(value)) ?? (await ClientCredentials.find(value)) ?? (await RefreshToken.find(value))

/** The answer to a permitted question about a live token. Undefined for any other one. */
async function describe(
  { provider, pairwise, introspectionPolicy }: DirectIntrospectionDeps,
  ctx: KoaContextWithOIDC,
  client: OidcClient,
  token: Token,
): Promise<object | undefined> {
  if (!token.isValid || token.rar !== undefined || token['x5t#S256'] !== undefined) return undefined
  const { grantId, accountId } = token as Partial<AccessToken>
  if (grantId !== undefined) {
    const grant = await provider.Grant.find(grantId)
    if (!grant || grant.clientId !== token.clientId || grant.accountId !== accountId) return undefined
    ctx.oidc.entity('Grant', grant)
  }
  ctx.oidc.entity(token.kind, token)
  if (!(await introspectionPolicy(ctx, client, token))) return undefined
  const owner = token.clientId === client.clientId ? client : await provider.Client.find(token.clientId ?? '')
  if (!owner) return undefined
  const { aud, sid, extra } = token as Partial<AccessToken>
  const subject =
    owner.subjectType === 'pairwise' && accountId !== undefined ? pairwise(ctx, accountId, owner) : accountId
  return {
    active: true,
    ...(subject !== undefined && { sub: subject }),
    ...extra,
    client_id: token.clientId,
    exp: token.exp,
    iat: token.iat,
    sid,
    iss: provider.issuer,
    aud,
    scope: token.scope || undefined,
    cnf: token.jkt === undefined ? undefined : { jkt: token.jkt },
    token_type: token.kind === 'RefreshToken' ? undefined : (token as AccessToken).tokenType,
  }
}
