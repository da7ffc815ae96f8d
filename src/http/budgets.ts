import type { Middleware } from 'koa'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { createWindow } from '../guards/limits.ts'
import { calledByClients } from './endpoints.ts'

/** Holds back one network that asks for everything at once. What clients call has budgets of its own (src/guards/portal-budgets.ts). */
export function holdNetworks(most: number, clock: Clock): Middleware {
  const window = createWindow({ most, seconds: budgets.requests.seconds, clock })
  return (ctx, next) => {
    if (calledByClients.has(ctx.path)) return next()
    const { networks } = requestOf(ctx)
    const wait = window.wait(networks)
    if (wait > 0) throw new Refusal('too_many_requests', 'requests of one network', wait)
    window.count(networks)
    return next()
  }
}
