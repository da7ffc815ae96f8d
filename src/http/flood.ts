import type { Middleware } from 'koa'
import type { Clock } from '../config/clock.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { createWindow } from '../storage/limits.ts'
import { forPrograms } from './headers.ts'

const seconds = 10

/** Holds back one network that asks for everything at once; portals' servers have budgets of their own. */
export function holdFloods(most: number, clock: Clock): Middleware {
  const window = createWindow({ most, seconds, clock })
  return (ctx, next) => {
    if (forPrograms.has(ctx.path)) return next()
    const { networks } = visitOf(ctx)
    const wait = window.wait(networks)
    if (wait > 0) throw new Refusal('too_many_requests', 'requests of one network', wait)
    window.count(networks)
    return next()
  }
}
