import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { addressShown, clientShown, shortened, type Reason } from '../pages/reference.ts'
import { requestOf } from '../pages/request-context.ts'

type Log = Record<'info', (details: object, message: string) => void>

/** The events by which oidc-provider reports a refused request, by page or by OAuth error (RFC 6749 section 5.2). */
const refusals = [
  'authorization.error',
  'pushed_authorization_request.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'end_session.error',
  'device_authorization.error',
  'code_verification.error',
  'device_resume.error',
  'end_session_confirm.error',
  'end_session_success.error',
  'jwks.error',
  'discovery.error',
] as const

export interface Refused extends Error {
  error?: string
  error_description?: string
  error_detail?: string
  scope?: string
}

/**
 * Logs each refused request under its reference number, and tells the portal what was wrong. oidc-provider gives every wrong
 * code, verifier or redirect address the same description.
 */
export function reportRefused(provider: Provider, log: Log): void {
  const on = provider.on.bind(provider) as (
    event: string,
    listener: (ctx: KoaContextWithOIDC, error: Refused) => void,
  ) => unknown
  for (const event of refusals) {
    on(event, (ctx, error) => {
      // jwt-tokens.ts answers these
      if (error instanceof errors.UnsupportedTokenType) return
      describe(ctx, error)
      const request = requestOf(ctx)
      const { code: _code, ...details } = reasonOf(ctx, error, 'request_invalid')
      if (!request.referred) log.info({ id: request.id, route: ctx.oidc.route, ...details }, 'request refused')
    })
  }
}

/** Texts of oidc-provider and of this server, and names of scopes: no personal data and no secret. */
export function reasonOf(ctx: KoaContextWithOIDC, error: Refused, code: string): Omit<Reason, 'status'> {
  const { client, params } = ctx.oidc
  const named = (name: string) => params?.[name] ?? ctx.query[name]
  const asked = error instanceof errors.InvalidClient ? clientShown(named('client_id')) : undefined
  const address = error instanceof errors.InvalidRedirectUri ? addressShown(named('redirect_uri')) : undefined
  return {
    code,
    client: client?.clientId,
    error: error.message,
    description: shortened(error.error_description),
    detail: shortened(error.error_detail),
    scope: shortened(error.scope),
    asked: asked ?? address,
  }
}

/** Completes an error document (RFC 6749 section 5.2). Pages and redirects are made before this event. */
function describe({ oidc, body, response }: KoaContextWithOIDC, error: Refused): void {
  if (typeof body !== 'object' || body === null || !('error' in body) || oidc.route === 'authorization') return
  if (error instanceof errors.InvalidGrant && error.error_detail !== undefined)
    response.body = { ...body, error_description: error.error_detail }
}
