import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { requestOf } from '../pages/request-context.ts'

type Log = Record<'info', (details: object, message: string) => void>

/** Longest text of a request that reaches the log. */
const longest = 200

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

interface Refused extends Error {
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
      log.info(detailsOf(ctx, error), 'request refused')
    })
  }
}

/** Texts of oidc-provider and of this server, and names of scopes: no personal data and no secret. */
function detailsOf(ctx: KoaContextWithOIDC, { message, error_description, error_detail, scope }: Refused) {
  const { client, route } = ctx.oidc
  const cut = (text: string | undefined) => text?.slice(0, longest)
  return {
    id: requestOf(ctx).id,
    route,
    client: client?.clientId,
    error: message,
    description: cut(error_description),
    detail: cut(error_detail),
    scope: cut(scope),
  }
}

/** Completes an error document (RFC 6749 section 5.2). Pages and redirects are made before this event. */
function describe({ oidc, body, response }: KoaContextWithOIDC, error: Refused): void {
  if (typeof body !== 'object' || body === null || !('error' in body) || oidc.route === 'authorization') return
  if (error instanceof errors.InvalidGrant && error.error_detail !== undefined)
    response.body = { ...body, error_description: error.error_detail }
}
