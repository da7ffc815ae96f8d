import type { AccountHost, Router, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { WaysIn } from './ways-in.ts'

export interface WaysDeps {
  waysIn: WaysIn
}

const room = '/account/ways'
const done = ['off', 'on', 'not_me', 'not_me_last']

/** Ways to sign in: one row for each login method there is, with a switch. */
export function waysRoutes(router: Router, centre: AccountHost, { waysIn }: WaysDeps): void {
  /** @throws Refusal `not_found` for a way there is not */
  async function wayOf(ctx: RouterContext, personId: string) {
    const way = (await waysIn.list(personId)).find(({ name }) => name === idOf(ctx))
    if (!way) throw new Refusal('not_found', 'no such way to sign in')
    return way
  }

  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const ways = await waysIn.list(account.person.id)
    await centre.show(ctx, account, 'account/ways', { ways, done: doneOf(ctx, done), refused: '' })
  })

  router.post(`${room}/:id/off`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return undefined
    const { id } = account.person
    const { name, count } = await wayOf(ctx, id)
    // without a passkey one falls back on a password: that is not for whoever found a browser open
    if (count > 0 && !(await centre.mayChangeAuthenticators(ctx))) return undefined
    if (await waysIn.switchOff(ctx, account, name)) return redirectTo(ctx, `${room}?done=off`)
    const ways = await waysIn.list(id)
    return centre.show(ctx, account, 'account/ways', { ways, done: '', refused: name }, 400)
  })

  router.post(`${room}/:id/on`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.mayChangeAuthenticators(ctx)
    if (!account) return
    await waysIn.switchOn(ctx, account.person.id, (await wayOf(ctx, account.person.id)).name)
    redirectTo(ctx, `${room}?done=on`)
  })

  // saying that it was somebody else only ever makes the account safer: no fresh sign-in is asked
  router.post(`${room}/:id/not-me`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const { id } = account.person
    const { name } = await wayOf(ctx, id)
    redirectTo(
      ctx,
      `${room}?done=${(await waysIn.notMe(ctx, id, { method: name }, undefined)) ? 'not_me' : 'not_me_last'}`,
    )
  })
}
