import type { ParsedUrlQuery } from 'node:querystring'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { AuthenticateClient } from '../engine/client-secrets.ts'
import { errorHandler, internalsOf } from '../engine/internals.ts'
import { setAnswerHeaders, type Direct } from './answers.ts'
import { credentialsOf, isOtherwiseAuthenticated, peekForm, type Credentials } from './plain-requests.ts'

export interface DirectTokenDeps {
  provider: Provider
  authenticate: AuthenticateClient
}

/** oidc-provider's handlers of these grants run here. Any other grant goes through its middleware. */
const grants: ReadonlySet<unknown> = new Set(['authorization_code', 'refresh_token', 'client_credentials'])

/** A part of what RFC 6749 section 3.3 allows. */
const scopeForm = /^[\w:./-]+(?: [\w:./-]+)*$/

/**
 * Tokens for a client with a secret in the header (RFC 6749 section 3.2). Client and parameters are checked first; until then
 * nothing has changed, and oidc-provider may begin again. Its handler of the grant decides all the rest, and its own error handler answers.
 */
export function directToken({ provider, authenticate }: DirectTokenDeps): Direct {
  const { grantTypeHandlers } = internalsOf(provider)
  const withErrors = errorHandler('grant.error')
  return async (ctx) => {
    const credentials = credentialsOf(ctx.req)
    const form = credentials && (await peekForm(ctx.req))
    if (!form) return false
    const admitted = await admit({ provider, authenticate }, ctx, form.fields, credentials).catch(() => false)
    const handler = grantTypeHandlers.get(String(form.fields['grant_type']))
    if (!admitted || !handler) {
      form.putBack()
      return false
    }
    ctx.req.resume()
    setAnswerHeaders(ctx)
    await withErrors(ctx, async () => {
      await handler(ctx)
      provider.emit('grant.success', ctx)
    })
    return true
  }
}

/** Authenticates the client, and sets the parameters of the grant. */
async function admit(
  { provider, authenticate }: DirectTokenDeps,
  ctx: KoaContextWithOIDC,
  fields: ParsedUrlQuery,
  credentials: Credentials,
): Promise<boolean> {
  const { grant_type: grant, scope } = fields
  if (!grants.has(grant) || typeof grant !== 'string' || isOtherwiseAuthenticated(fields)) return false
  if (scope && !(typeof scope === 'string' && scopeForm.test(scope))) return false
  const params: Record<string, string | undefined> = {}
  for (const name of internalsOf(provider).grantTypeParams.get(grant) ?? []) {
    const value = fields[name]
    if (Array.isArray(value)) return false
    params[name] = value || undefined
  }
  const client = await provider.Client.find(credentials.id)
  if (!client?.grantTypeAllowed(grant) || !authenticate(ctx, client, credentials.secret)) return false
  ctx.oidc.entity('Client', client)
  Object.assign(ctx.oidc, { params })
  return true
}
