import type { AccountRouter } from '../login/account-router.ts'
import type { AccountHost, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { MethodSwitches } from './method-switches.ts'

export interface SignInMethodsDeps {
  centre: AccountHost
  methodSwitches: MethodSwitches
}

const room = '/account/ways'
const done = ['off', 'on', 'not_me', 'not_me_last']

/** Ways to sign in: one row for each login method, with a switch. */
export function signInMethodsRoutes(router: AccountRouter, { centre, methodSwitches }: SignInMethodsDeps): void {
  /** @throws Refusal `not_found` where the path names no login method */
  async function wayOf(ctx: RouterContext, personId: string) {
    const way = (await methodSwitches.list(personId)).find(({ name }) => name === idOf(ctx))
    if (!way) throw new Refusal('not_found', 'no such way to sign in')
    return way
  }

  router.get(room, 'sign-in', async (ctx, account) => {
    const ways = await methodSwitches.list(account.person.id)
    await centre.show(ctx, account, 'account/ways', { ways, done: doneOf(ctx, done), refused: '' })
  })

  router.post(`${room}/:id/off`, { back: room, needs: 'sign-in' }, async (ctx, account) => {
    const { id } = account.person
    const { name, count } = await wayOf(ctx, id)
    // without a passkey only the password is left: a stranger at an open browser must not do that
    if (count > 0 && !(await centre.mayChangeAuthenticators(ctx))) return undefined
    if (await methodSwitches.switchOff(ctx, account, name)) return redirectTo(ctx, `${room}?done=off`)
    const ways = await methodSwitches.list(id)
    return centre.show(ctx, account, 'account/ways', { ways, done: '', refused: name }, 400)
  })

  router.post(`${room}/:id/on`, { back: room, needs: 'change-authenticators' }, async (ctx, { person }) => {
    await methodSwitches.switchOn(ctx, person.id, (await wayOf(ctx, person.id)).name)
    redirectTo(ctx, `${room}?done=on`)
  })

  // the report of a stranger only makes the account safer: it needs no fresh sign-in
  router.post(`${room}/:id/not-me`, { back: room, needs: 'sign-in' }, async (ctx, { person }) => {
    const { name } = await wayOf(ctx, person.id)
    const locked = await methodSwitches.notMe(ctx, person.id, { method: name }, undefined)
    redirectTo(ctx, `${room}?done=${locked ? 'not_me' : 'not_me_last'}`)
  })
}
