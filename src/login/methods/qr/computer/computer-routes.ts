import { requestOf } from '../../../../pages/request-context.ts'
import type { Router, RouterContext } from '../../../method.ts'
import { createQrStreams } from '../stream.ts'
import {
  applyEvent,
  checkCode,
  readNow,
  redeem,
  startWaiting,
  viewNow,
  viewOf,
  waiterOf,
  type ComputerDeps,
} from './computer.ts'

const asked = (ctx: RouterContext) => String(ctx.query['id'] ?? '')
const posted = (ctx: RouterContext) => requestOf(ctx).form['id'] ?? ''

/** The waiting computer: /login/:attempt/qr/… */
export function computerRoutes(router: Router, deps: ComputerDeps): void {
  const { clock, events, artifacts, transactions } = deps
  const streams = createQrStreams({ clock, events, renew: artifacts.renew })

  router.post('/start', async (ctx) => {
    ctx.body = await startWaiting(deps, ctx)
  })

  router.get('/stream', async (ctx) => {
    const id = asked(ctx)
    await waiterOf(deps, ctx, id)
    streams.open(ctx, id, {
      read: () => readNow(deps, ctx, id),
      now: transactions.now,
      view: (transaction) => viewOf(deps, id, transaction),
    })
  })

  router.get('/state', async (ctx) => {
    const id = asked(ctx)
    await waiterOf(deps, ctx, id)
    ctx.body = await viewNow(deps, ctx, id)
  })

  router.post('/cancel', async (ctx) => {
    const id = posted(ctx)
    const waiter = await waiterOf(deps, ctx, id)
    await applyEvent(deps, ctx, id, { kind: 'cancel', waiter })
    ctx.body = await viewNow(deps, ctx, id)
  })

  router.post('/code', async (ctx) => {
    ctx.body = await checkCode(deps, ctx, posted(ctx))
  })

  router.post('/redeem', (ctx) => redeem(deps, ctx, posted(ctx)))
}
