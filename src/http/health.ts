import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

const paths = new Set(['/healthz', '/readyz', '/metrics'])
/** HEAD is GET without content (RFC 9110, 9.3.2); koa leaves the content out. */
const methods = new Set(['GET', 'HEAD'])

/** Rejects while a sign-in could not be stored (storage/ready-check.ts). */
export type ReadyCheck = () => Promise<void>

/** Parts that do not work now while sign-ins go on for most portals; a balancer must keep the server. */
export type Limits = () => string[]

/** /healthz: the process runs. /readyz: a sign-in could be stored now. /metrics: Prometheus text. */
export function health(
  { ready, limits }: { ready: ReadyCheck; limits: Limits },
  metrics: Metrics,
  log: Pick<Logger, 'warn' | 'info'>,
): Middleware {
  const isReady = toldOnChange(ready, log)
  const metricsText = shared(() => metrics.text())
  const answer = async (ctx: Context) => {
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'up' }
    } else if (ctx.path === '/readyz') {
      const works = await isReady()
      ctx.status = works ? 200 : 503
      const limited = limits()
      const body = { status: 'ready', ...(limited.length > 0 ? { limited } : {}) }
      ctx.body = works ? body : { status: 'not ready', reason: 'a store does not take a sign-in' }
    } else {
      ctx.type = metrics.contentType
      ctx.body = await metricsText()
    }
  }
  return (ctx, next) => (methods.has(ctx.method) && paths.has(ctx.path) ? answer(ctx) : next())
}

/** Logs the reason when the answer changes. */
function toldOnChange(ready: ReadyCheck, log: Pick<Logger, 'warn' | 'info'>): () => Promise<boolean> {
  let was = true
  return async () => {
    try {
      await ready()
      if (!was) log.info('ready again')
      was = true
    } catch (error) {
      if (was) log.warn({ err: error }, 'not ready: a store does not take a sign-in')
      was = false
    }
    return was
  }
}

/** Requests during a collection share its result, because this path is public and each collection is costly. */
function shared<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined
  return () => {
    underWay ??= make().finally(() => (underWay = undefined))
    return underWay
  }
}
