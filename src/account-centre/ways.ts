import type { AccountHost, Router, RouterContext } from '../login/method.ts'
import { doneOf, goTo, idOf } from '../pages/going.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { WaysIn } from './ways-in.ts'

export interface WaysParts {
  waysIn: WaysIn
}

const room = '/account/ways'
const done = ['off', 'on', 'not_me', 'not_me_last']

/** Ways to sign in: one row for each login method there is, with a switch. */
export function waysRoutes(router: Router, centre: AccountHost, { waysIn }: WaysParts): void {
  /** @throws Refusal `not_found` for a way there is not */
  async function wayOf(ctx: RouterContext, personId: string) {
    const way = (await waysIn.list(personId)).find(({ name }) => name === idOf(ctx))
    if (!way) throw new Refusal('not_found', 'no such way to sign in')
    return way
  }

  router.get(room, async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const ways = await waysIn.list(visit.person.id)
    await centre.show(ctx, visit, 'account/ways', { ways, done: doneOf(ctx, done), refused: '' })
  })

  router.post(`${room}/:id/off`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return undefined
    const { id } = visit.person
    const { name, count } = await wayOf(ctx, id)
    // without a passkey one falls back on a password: that is not for whoever found a browser open
    if (count > 0 && !(await centre.mayChangeAuthenticators(ctx))) return undefined
    if (await waysIn.switchOff(ctx, visit, name)) return goTo(ctx, `${room}?done=off`)
    const ways = await waysIn.list(id)
    return centre.show(ctx, visit, 'account/ways', { ways, done: '', refused: name }, 400)
  })

  router.post(`${room}/:id/on`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (!visit) return
    await waysIn.switchOn(ctx, visit.person.id, (await wayOf(ctx, visit.person.id)).name)
    goTo(ctx, `${room}?done=on`)
  })

  // saying that it was somebody else only ever makes the account safer: no fresh sign-in is asked
  router.post(`${room}/:id/not-me`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { id } = visit.person
    const { name } = await wayOf(ctx, id)
    goTo(ctx, `${room}?done=${(await waysIn.notMe(ctx, id, { method: name }, undefined)) ? 'not_me' : 'not_me_last'}`)
  })
}
