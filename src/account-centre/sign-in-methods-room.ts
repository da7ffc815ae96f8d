import type { AccountRouter } from '../login/account-router.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { MethodSwitches, SwitchedMethod } from './method-switches.ts'

export interface SignInMethodsDeps {
  centre: AccountHost
  methodSwitches: MethodSwitches
}

const room = '/account/ways'
const route = { back: room, needs: 'reduce' } as const
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
    const off = ways.find(({ name, state }) => name === ctx.query['way'] && state !== 'on')?.name ?? ''
    await centre.show(ctx, account, 'account/ways', { ways, done: doneOf(ctx, done), undo: off, refused: '' })
  })

  /** @throws Refusal `not_found` where there is nothing to switch off */
  async function wayToClose(ctx: RouterContext, { person }: AccountContext) {
    const way = await wayOf(ctx, person.id)
    if (way.empty) throw new Refusal('not_found', 'nothing to switch off')
    // without a passkey only the password is left: a stranger at an open browser must not do that
    return way.count > 0 && !(await centre.mayChangeAuthenticators(ctx)) ? undefined : way
  }

  const questionOf = (kind: string, ctx: RouterContext, { name }: SwitchedMethod) => ({
    kind,
    values: { way: requestOf(ctx).t(`methods.${name}`) },
  })

  const off = {
    ...route,
    ask: async (ctx: RouterContext, account: AccountContext) => {
      const way = await wayToClose(ctx, account)
      return way && questionOf('way', ctx, way)
    },
  }
  router.lose(`${room}/:id/off`, off, async (ctx, account) => {
    const { id } = account.person
    const way = await wayToClose(ctx, account)
    if (!way) return undefined
    const { name } = way
    if (await methodSwitches.switchOff(ctx, account, name)) return redirectTo(ctx, `${room}?done=off&way=${name}`)
    const ways = await methodSwitches.list(id)
    return centre.show(ctx, account, 'account/ways', { ways, done: '', undo: '', refused: name }, 400)
  })

  router.post(`${room}/:id/on`, { back: room, needs: 'change-authenticators' }, async (ctx, { person }) => {
    await methodSwitches.switchOn(ctx, person.id, (await wayOf(ctx, person.id)).name)
    redirectTo(ctx, `${room}?done=on`)
  })

  const stranger = {
    ...route,
    ask: async (ctx: RouterContext, { person }: AccountContext) =>
      questionOf('stranger', ctx, await wayOf(ctx, person.id)),
  }
  // the report of a stranger needs no fresh sign-in: it only closes a way, which a stranger in a hold may not
  router.lose(`${room}/:id/not-me`, stranger, async (ctx, { person }) => {
    const { name } = await wayOf(ctx, person.id)
    const locked = await methodSwitches.notMe(ctx, person.id, { method: name }, undefined)
    redirectTo(ctx, `${room}?done=${locked ? 'not_me' : 'not_me_last'}`)
  })
}
