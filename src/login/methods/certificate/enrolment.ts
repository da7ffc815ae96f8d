import { isHeld } from '../../../accounts/natural-persons.ts'
import { areLastWays } from '../../../accounts/sign-in-kinds.ts'
import { doneOf, idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { accountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import { mayRelease, mayRemove } from '../../held-authenticator.ts'
import type { MethodServices } from '../../method-services.ts'
import type { AccountContext, Enrolment, RouterContext } from '../../method.ts'
import { bindingsOf, shownOf, type Binding } from './bindings.ts'
import { name } from './certificate-deps.ts'
import { release, unbind } from './keeping.ts'
import type { SignInDeps } from './sign-in.ts'

type Deps = SignInDeps & Pick<MethodServices, 'upstreams'>

const home = `/account/${name}`
const done = ['removed', 'released']

const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())

/** 数字证书 in the account centre: list, add by a sign-in, remove. */
export function certificateEnrolment(deps: Deps): Enrolment {
  const { methodLocks, sessions, database, identifies, clock } = deps

  const shown = (one: Binding) => ({
    ...shownOf(deps, one),
    id: one.authenticator.id,
    kind: one.kind,
    ca: identifies.list().find(({ id }) => id === one.ca)?.name ?? '',
    created: iso(one.authenticator.createdAt),
    used: iso(one.authenticator.lastUsedAt),
    held: one.authenticator.heldAt !== null,
  })

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
        await centre.show(ctx, account, 'certificate/list', {
          bindings: (await bindingsOf(deps, id)).map(shown),
          cas: identifies.list().map((one) => one.name),
          off: await methodLocks.locked(id, name),
          done: doneOf(ctx, done),
        })
      })

      // a binding is made by one question only: after a sign-in in which the certificate signed
      router.post('/add', { back: home, needs: 'change-authenticators' }, async (ctx) => {
        requestOf(ctx).returnTo = home
        const level = identifies.list().every((one) => one.level === 3) ? 3 : 2
        await centre.enter(ctx, { since: clock() + 2000, level })
      })

      router.get('/:id', 'protect-account', async (ctx, account) => {
        const binding = await own(ctx, account)
        const { person, session } = account
        const now = clock()
        const { authenticator } = binding
        await centre.show(ctx, account, 'certificate/one', {
          binding: shown(binding),
          last: await areLastWays(deps, person.id, database, [authenticator.id]),
          release: mayRelease(authenticator, { person, amr: session.amr, now }),
          until: isHeld(person, now) && !session.amr.includes('user') ? iso(person.heldUntil) : '',
        })
      })

      const back = (ctx: RouterContext) => `${home}/${encodeURIComponent(idOf(ctx))}`
      const ask = async (ctx: RouterContext, account: AccountContext) => {
        const binding = await own(ctx, account)
        if (!(await mayRemove(centre, ctx, account, binding.authenticator, clock()))) return undefined
        return { kind: name, values: { name: shownOf(deps, binding).name } }
      }
      router.lose('/:id/remove', { back, needs: 'protect-account', ask }, async (ctx, account) => {
        const { authenticator } = await own(ctx, account)
        if (!(await mayRemove(centre, ctx, account, authenticator, clock()))) return
        const { id: personId } = account.person
        const kept = { method: name, authenticator: authenticator.id }
        const stay = await sessions.without(personId, kept, account.session)
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
