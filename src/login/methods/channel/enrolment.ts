import { doneOf, idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { isHeld } from '../../../accounts/natural-persons.ts'
import { areLastWays } from '../../../accounts/sign-in-kinds.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { accountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import { mayRelease, mayRemove } from '../../held-authenticator.ts'
import type { MethodServices } from '../../method-services.ts'
import type { AccountContext, Enrolment, RouterContext } from '../../method.ts'
import { bindingsOf, rowsOf, type Binding } from './bindings.ts'
import { name, type ChannelDeps } from './channel-deps.ts'
import { release, unbind } from './keeping.ts'
import { levelOf, shownHere } from './shown-here.ts'

type Deps = ChannelDeps & Pick<MethodServices, 'ownClientId' | 'findClient' | 'upstreams'>

const home = `/account/${name}`
const done = ['removed', 'released']

const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())

/** Names of all channels that a binding signs in by; empty where none of them is in use any more. */
const namesOf = ({ channels }: ChannelDeps, { namespace }: Binding): string[] =>
  channels.list.filter((one) => one.namespace === namespace).map((one) => one.name)

/** 微信、支付宝 in the account centre: list, add by a sign-in, remove. */
export function channelEnrolment(deps: Deps): Enrolment {
  const { methodLocks, sessions, database, clock } = deps

  const shown = (one: Binding) => ({
    id: one.authenticator.id,
    names: namesOf(deps, one),
    created: iso(one.authenticator.createdAt),
    used: iso(one.authenticator.lastUsedAt),
    held: one.authenticator.heldAt !== null,
  })

  /** The channels that can be bound in this browser. */
  async function addable(ctx: RouterContext) {
    const client = await deps.findClient(deps.ownClientId)
    return client ? shownHere(deps.channels.list, ctx, { client, needed: 2 }) : []
  }

  /** @throws Refusal `not_found` for an unknown binding as for one of another person */
  async function own(ctx: RouterContext, { person }: AccountContext): Promise<Binding> {
    const binding = (await bindingsOf(deps, person.id)).find(({ authenticator }) => authenticator.id === idOf(ctx))
    if (!binding) throw new Refusal('not_found')
    return binding
  }

  return {
    routes(given, centre) {
      const router = accountRouter(given, centre)

      router.get('/', 'sign-in', async (ctx, account) => {
        const { id } = account.person
        const bindings = await bindingsOf(deps, id)
        await centre.show(ctx, account, 'channel/list', {
          bindings: bindings.map(shown),
          channels: (await addable(ctx)).map((one) => one.name),
          off: await methodLocks.locked(id, name),
          done: doneOf(ctx, done),
        })
      })

      // a binding is made by one question only: after a sign-in in which the vendor spoke
      router.post('/add', { back: home, needs: 'change-authenticators' }, async (ctx) => {
        const levels = (await addable(ctx)).map(levelOf)
        if (levels.length === 0) throw new Refusal('not_found', 'no channel in this browser')
        requestOf(ctx).returnTo = home
        const level = levels.every((one) => one === 3) ? 3 : 2
        await centre.enter(ctx, { since: clock() + 2000, level })
      })

      router.get('/:id', 'protect-account', async (ctx, account) => {
        const binding = await own(ctx, account)
        const { person, session } = account
        const now = clock()
        const { authenticator } = binding
        const rows = await rowsOf(deps, authenticator)
        await centre.show(ctx, account, 'channel/one', {
          binding: shown(binding),
          last: await areLastWays(deps, person.id, database, rows),
          release: mayRelease(authenticator, { person, amr: session.amr, now }),
          until: isHeld(person, now) && !session.amr.includes('user') ? iso(person.heldUntil) : '',
        })
      })

      const back = (ctx: RouterContext) => `${home}/${encodeURIComponent(idOf(ctx))}`
      const ask = async (ctx: RouterContext, account: AccountContext) => {
        const binding = await own(ctx, account)
        if (!(await mayRemove(centre, ctx, account, binding.authenticator, clock()))) return undefined
        const words = namesOf(deps, binding).join(requestOf(ctx).t('common.comma'))
        return { kind: name, values: { name: words || requestOf(ctx).t(`methods.${name}`) } }
      }
      router.lose('/:id/remove', { back, needs: 'protect-account', ask }, async (ctx, account) => {
        const { authenticator } = await own(ctx, account)
        if (!(await mayRemove(centre, ctx, account, authenticator, clock()))) return
        const { id: personId } = account.person
        const stay = await sessions.without(
          personId,
          { method: name, authenticator: authenticator.id },
          account.session,
        )
        await unbind(deps, authenticator, { stay, by: actorOf(ctx) })
        await sessions.removeEnded(personId)
        redirectTo(ctx, `${home}?done=removed`)
      })

      router.post('/:id/mine', { back, needs: 'protect-account' }, async (ctx, account) => {
        const { authenticator } = await own(ctx, account)
        const { person, session } = account
        if (!mayRelease(authenticator, { person, amr: session.amr, now: clock() })) return redirectTo(ctx, back(ctx))
        await release(deps, authenticator, actorOf(ctx))
        return redirectTo(ctx, `${home}?done=released`)
      })
    },
  }
}
