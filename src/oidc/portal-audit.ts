import type { Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { AuditTrail } from '../audit/trail.ts'
import { visitOf } from '../pages/visit.ts'

/**
 * Audits what oidc-provider does for portals. A code leaves the house only after the entry that says so is on disk:
 * the middleware stands around oidc-provider and waits.
 */
export function auditPortals(options: {
  provider: Provider
  audit: AuditTrail
  log: { error(details: object, message: string): void }
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
    log.error({ id: visitOf(ctx).id, err: error }, 'request failed')
  })

  return async (ctx, next) => {
    await next()
    if (!entered.has(ctx.req)) return
    const given = ctx as unknown as KoaContextWithOIDC
    const { address, browser } = visitOf(ctx)
    await audit.record({
      event: 'portal.entered',
      actor: 'person',
      ...about(given),
      details: { scopes: [...given.oidc.requestParamScopes] },
      restricted: { address, browser },
    })
  }
}

function about({ oidc }: KoaContextWithOIDC) {
  const personId = oidc.account?.accountId ?? oidc.session?.accountId
  return { clientId: oidc.client?.clientId, ...(personId ? { personId } : {}) }
}
