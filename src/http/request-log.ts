import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { isAnsweredDirectly } from '../oidc/direct/direct-answers.ts'
import { requestOf } from '../pages/request-context.ts'
import { routeOf } from './metrics.ts'

/** Logs each request at level debug: route and status, never a person or an address. */
export function logRequests(log: Logger): Middleware {
  return async (ctx, next) => {
    const began = performance.now()
    try {
      await next()
    } finally {
      const ms = Math.round(performance.now() - began)
      const { method, status, req } = ctx
      const direct = isAnsweredDirectly(req) ? { direct: true } : {}
      log.debug({ id: requestOf(ctx).id, method, route: routeOf(ctx), status, ms, ...direct }, 'request')
    }
  }
}
