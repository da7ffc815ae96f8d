import type { Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { levelOf } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { registrationOf } from './client-registrations.ts'
import { isGone } from '../pages/bodies.ts'
import { requestOf } from '../pages/request-context.ts'
import { retryAfterSeconds, isUnavailable } from '../storage/unavailable.ts'

/**
 * Audits the acts of oidc-provider for portals. The entry of a sign-in is on disk before its code leaves the server.
 * So this middleware runs around oidc-provider and waits for the entry.
 */
export function auditPortals(options: {
  provider: Provider
  audit: AuditLog
  log: Record<'error' | 'debug', (details: object, message: string) => void>
}): Middleware {
  const { provider, audit, log } = options
  const entered = new WeakSet<object>()
  provider.on('authorization.success', (ctx) => entered.add(ctx.req))

  const later = (write: Promise<void>) => {
    write.catch((error: unknown) => log.error({ err: error }, 'an act could not be audited'))
  }
  provider.on('grant.revoked', (ctx, _grantId) => {
    if (ctx.oidc.route !== 'token') return
    later(audit.record({ event: 'token.reused', actor: 'portal', ...subjectOf(ctx) }))
  })
  provider.on('end_session.success', (ctx) => {
    const all = ctx.oidc.params?.['logout'] !== undefined
    later(audit.record({ event: all ? 'logout.all' : 'logout.portal', actor: 'person', ...subjectOf(ctx) }))
  })
  provider.on('server_error', (ctx, error) => {
    const { id } = requestOf(ctx)
    if (isGone(ctx.req)) log.debug({ id, err: error }, 'the client went away')
    else log.error({ id, err: error }, 'request failed')
    if (isUnavailable(error)) answerUnavailable(ctx)
  })

  return async (ctx, next) => {
    await next()
    if (!entered.has(ctx.req)) return
    const given = ctx as unknown as KoaContextWithOIDC
    const { address, browser } = requestOf(ctx)
    const { legacy } = given.oidc.client ? registrationOf(given.oidc.client) : {}
    await audit.record({
      event: 'portal.entered',
      actor: 'person',
      ...subjectOf(given),
      details: {
        scopes: [...given.oidc.requestParamScopes],
        level: levelOf(given.oidc.acr),
        // it stays in the log when the portal has changed to OpenID Connect
        ...(legacy === undefined ? {} : { protocol: legacy }),
      },
      restricted: { address, browser },
    })
  }
}

/** When a store does not answer, a program gets 503 and may try again (RFC 9110 section 15.6.4). Pages have their own text. */
function answerUnavailable(ctx: KoaContextWithOIDC): void {
  ctx.set('retry-after', retryAfterSeconds)
  if ((ctx.body as { error?: unknown } | null)?.error !== 'server_error') return
  ctx.status = 503
  ctx.body = { error: 'temporarily_unavailable', error_description: 'a store does not answer, try again' }
}

function subjectOf({ oidc }: KoaContextWithOIDC) {
  const personId = oidc.account?.accountId ?? oidc.session?.accountId
  return { clientId: oidc.client?.clientId, ...(personId ? { personId } : {}) }
}
