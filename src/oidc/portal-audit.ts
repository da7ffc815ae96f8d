import type { Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { levelOf } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { isGone } from '../pages/bodies.ts'
import { requestOf } from '../pages/request-context.ts'
import { retryAfterSeconds, isUnavailable } from '../storage/unavailable.ts'

/**
 * Audits what oidc-provider does for portals. A code leaves the house only after the entry that says so is on disk:
 * the middleware stands around oidc-provider and waits.
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
    later(audit.record({ event: 'token.reused', actor: 'portal', ...about(ctx) }))
  })
  provider.on('end_session.success', (ctx) => {
    const all = ctx.oidc.params?.['logout'] !== undefined
    later(audit.record({ event: all ? 'logout.all' : 'logout.portal', actor: 'person', ...about(ctx) }))
  })
  provider.on('server_error', (ctx, error) => {
    const { id } = requestOf(ctx)
    if (isGone(ctx.req)) log.debug({ id, err: error }, 'the client went away')
    else log.error({ id, err: error }, 'request failed')
    if (isUnavailable(error)) sayAway(ctx)
  })

  return async (ctx, next) => {
    await next()
    if (!entered.has(ctx.req)) return
    const given = ctx as unknown as KoaContextWithOIDC
    const { address, browser } = requestOf(ctx)
    await audit.record({
      event: 'portal.entered',
      actor: 'person',
      ...about(given),
      details: { scopes: [...given.oidc.requestParamScopes], level: levelOf(given.oidc.acr) },
      restricted: { address, browser },
    })
  }
}

/** Of a store that is away programs are told that they may ask again (RFC 9110 section 15.6.4); pages say so by themselves. */
function sayAway(ctx: KoaContextWithOIDC): void {
  ctx.set('retry-after', retryAfterSeconds)
  if ((ctx.body as { error?: unknown } | null)?.error !== 'server_error') return
  ctx.status = 503
  ctx.body = { error: 'temporarily_unavailable', error_description: 'a store does not answer, try again' }
}

function about({ oidc }: KoaContextWithOIDC) {
  const personId = oidc.account?.accountId ?? oidc.session?.accountId
  return { clientId: oidc.client?.clientId, ...(personId ? { personId } : {}) }
}
