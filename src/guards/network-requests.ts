import type { Middleware } from 'koa'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { createWindow } from './window.ts'

/**
 * Limits the requests of one network to all paths together.
 * @param options.exempt paths with budgets of their own (portal-budgets.ts)
 */
export function limitNetworkRequests(options: { most: number; exempt: ReadonlySet<string>; clock: Clock }): Middleware {
  const { most, exempt, clock } = options
  const window = createWindow({ most, seconds: budgets.requests.seconds, clock })
  return (ctx, next) => {
    if (exempt.has(ctx.path)) return next()
    const { networks } = requestOf(ctx)
    const wait = window.wait(networks)
    if (wait > 0) throw new Refusal('too_many_requests', 'requests of one network', wait)
    window.count(networks)
    return next()
  }
}
