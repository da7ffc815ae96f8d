import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import { Refusal } from '../refusal/refusal.ts'
import type { Metrics } from './metrics.ts'
import { needs, type Readiness, type Unmet } from './readiness.ts'

const paths = new Set(['/healthz', '/readyz', '/metrics'])
/** HEAD is GET without content (RFC 9110, 9.3.2); koa leaves the content out. */
const methods = new Set(['GET', 'HEAD'])

/** Parts that do not work now while sign-ins go on for most portals; a balancer must keep the server. */
export type Limits = () => string[]

/** /healthz: the process runs. /readyz: a sign-in could be stored now. /metrics: Prometheus text. */
export function health(
  { readiness, limits }: { readiness: Pick<Readiness, 'unmet'>; limits: Limits },
  metrics: Metrics,
  log: Pick<Logger, 'warn' | 'info'>,
): Middleware {
  const unmet = toldOnChange(readiness, log)
  const metricsText = shared(() => metrics.text())
  const answer = async (ctx: Context) => {
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'up' }
    } else if (ctx.path === '/readyz') {
      const missing = await unmet()
      const works = missing.length === 0
      ctx.status = works ? 200 : 503
      const limited = limits()
      const body = { status: 'ready', ...(limited.length > 0 ? { limited } : {}) }
      // a stranger may read it, so the reasons are in the log alone
      ctx.body = works ? body : { status: 'not ready', missing }
    } else {
      ctx.type = metrics.contentType
      ctx.body = await metricsText()
    }
  }
  return (ctx, next) => (methods.has(ctx.method) && paths.has(ctx.path) ? answer(ctx) : next())
}

/**
 * Answers no person with a wrong clock or without the keys of the store. A balancer that never asks for /readyz takes the server out by
 * these answers.
 */
export function refuseWhileUnfit({ ownFault }: Pick<Readiness, 'ownFault'>): Middleware {
  return (_ctx, next) => {
    const fault = ownFault()
    if (fault !== undefined) throw new Refusal('unavailable', fault)
    return next()
  }
}

/** The needs that are not met; the log has the reasons when they change. */
function toldOnChange(
  readiness: Pick<Readiness, 'unmet'>,
  log: Pick<Logger, 'warn' | 'info'>,
): () => Promise<(keyof Unmet)[]> {
  let was = ''
  return async () => {
    const unmet = await readiness.unmet()
    const missing = needs.filter((need) => unmet[need] !== undefined)
    const now = missing.join(' ')
    if (now !== was && now === '') log.info('ready again')
    else if (now !== was) log.warn({ missing: unmet }, 'not ready: a sign-in lacks something')
    was = now
    return missing
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
