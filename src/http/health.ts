import type { Middleware } from 'koa'
import type { Metrics } from './metrics.ts'

/** Throws when a store cannot be used. */
export type ReadyCheck = () => Promise<void>

/** /healthz: the process is up. /readyz: its stores answer. /metrics: Prometheus text. */
export function health(ready: ReadyCheck, metrics: Metrics): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET') return next()
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'up' }
    } else if (ctx.path === '/readyz') {
      const failure = await ready().then(
        () => undefined,
        () => 'a store does not answer',
      )
      ctx.status = failure ? 503 : 200
      ctx.body = failure ? { status: 'not ready', reason: failure } : { status: 'ready' }
    } else if (ctx.path === '/metrics') {
      ctx.type = metrics.contentType
      ctx.body = await metrics.text()
    } else {
      return next()
    }
    ctx.set('cache-control', 'no-store')
    return undefined
  }
}
