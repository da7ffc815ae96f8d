import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { requestOf } from '../pages/request-context.ts'
import { routeOf } from './metrics.ts'

/** One line a request at level debug: what was asked by its route and how it ended, never by whom or about whom. */
export function logRequests(log: Logger): Middleware {
  return async (ctx, next) => {
    const began = performance.now()
    try {
      await next()
    } finally {
      const ms = Math.round(performance.now() - began)
      log.debug({ id: requestOf(ctx).id, method: ctx.method, route: routeOf(ctx), status: ctx.status, ms }, 'request')
    }
  }
}
