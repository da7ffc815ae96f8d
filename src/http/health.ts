import type { Context, Middleware } from 'koa'
import type { Metrics } from './metrics.ts'

const paths = new Set(['/healthz', '/readyz', '/metrics'])

/** Throws when a store cannot be used. */
export type ReadyCheck = () => Promise<void>

/** /healthz: the process is up. /readyz: its stores answer. /metrics: Prometheus text. */
export function health(ready: ReadyCheck, metrics: Metrics): Middleware {
  const answer = async (ctx: Context) => {
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'up' }
    } else if (ctx.path === '/readyz') {
      const failure = await ready().then(
        () => undefined,
        () => 'a store does not answer',
      )
      ctx.status = failure ? 503 : 200
      ctx.body = failure ? { status: 'not ready', reason: failure } : { status: 'ready' }
    } else {
      ctx.type = metrics.contentType
      ctx.body = await metrics.text()
    }
  }
  return (ctx, next) => (ctx.method === 'GET' && paths.has(ctx.path) ? answer(ctx) : next())
}
