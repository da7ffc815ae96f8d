import type { Context, Middleware } from 'koa'
import type { Metrics } from './metrics.ts'

const paths = new Set(['/healthz', '/readyz', '/metrics'])

/** Throws when a store is unavailable. */
export type ReadyCheck = () => Promise<void>

/** /healthz: the process runs. /readyz: its stores answer. /metrics: Prometheus text. */
export function health(ready: ReadyCheck, metrics: Metrics): Middleware {
  const isReady = shared(() =>
    ready().then(
      () => true,
      () => false,
    ),
  )
  const metricsText = shared(() => metrics.text())
  const answer = async (ctx: Context) => {
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'up' }
    } else if (ctx.path === '/readyz') {
      const works = await isReady()
      ctx.status = works ? 200 : 503
      ctx.body = works ? { status: 'ready' } : { status: 'not ready', reason: 'a store does not answer' }
    } else {
      ctx.type = metrics.contentType
      ctx.body = await metricsText()
    }
  }
  return (ctx, next) => (ctx.method === 'GET' && paths.has(ctx.path) ? answer(ctx) : next())
}

/** Requests during a check share its result, because these paths are public and each check loads the stores. */
function shared<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined
  return () => {
    underWay ??= make().finally(() => (underWay = undefined))
    return underWay
  }
}
