import { isHeld } from '../../../accounts/natural-persons.ts'
import { areLastWays } from '../../../accounts/sign-in-kinds.ts'
import { endLinks, releaseLink } from '../../../accounts/upstream-keeping.ts'
import { linkId, type UpstreamLink } from '../../../accounts/upstream-links.ts'
import { doneOf, idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { accountRouter, type AccountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import { mayRelease, mayRemove } from '../../held-authenticator.ts'
import type { AccountContext, AccountHost, Enrolment, RouterContext } from '../../method.ts'
import type { MethodServices } from '../../method-services.ts'
import { shownHere } from './shown-here.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = UpstreamDeps & Pick<MethodServices, 'authenticators' | 'endSignIns' | 'ownClientId' | 'findClient'>

const home = `/account/${name}`
const done = ['removed', 'undone', 'released']

const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())
const isPaused = ({ pausedAt }: UpstreamLink) => pausedAt !== null

/** Links of a person that sign in, and those that a recovery paused. */
export async function countLinks(
  { upstreams, upstreamLinks }: Pick<Deps, 'upstreams' | 'upstreamLinks'>,
  personId: string,
): Promise<{ count: number; held: number }> {
  const links = (await upstreamLinks.of(personId)).filter(({ upstream }) => upstreams.client(upstream))
  const held = links.filter(isPaused).length
  return { count: links.length - held, held }
}

/** 其他政务账号 in the account centre: list, add by a sign-in, undo, remove. */
export function upstreamEnrolment(deps: Deps): Enrolment {
  return {
    routes(given, centre) {
      const router = accountRouter(given, centre)
      listRoutes(router, centre, deps)
      endingRoutes(router, centre, deps)
    },
  }
}

/** As the pages show a link. `name` is empty for an upstream that is out of use. */
const shown = ({ upstreams, clock }: Deps, link: UpstreamLink) => ({
  id: linkId(link),
  name: upstreams.client(link.upstream)?.upstream.name ?? '',
  way: link.opened ? 'opened' : link.way,
  created: iso(link.linkedAt),
  used: iso(link.lastUsedAt),
  paused: isPaused(link),
  undo: iso((link.undoUntil ?? 0) > clock() ? link.undoUntil : null),
  held: iso((link.heldUntil ?? 0) > clock() ? link.heldUntil : null),
})

/** @throws Refusal `not_found` for an unknown link as for one of another person */
async function own({ upstreamLinks }: Deps, ctx: RouterContext, { person }: AccountContext): Promise<UpstreamLink> {
  const link = (await upstreamLinks.of(person.id)).find((one) => linkId(one) === idOf(ctx))
  if (!link) throw new Refusal('not_found')
  return link
}

function listRoutes(router: AccountRouter, centre: AccountHost, deps: Deps): void {
  const { upstreams, upstreamLinks, methodLocks, authenticators, database, clock } = deps

  /** The upstreams that can be linked in this browser. */
  async function addable() {
    const client = await deps.findClient(deps.ownClientId)
    return client ? shownHere(upstreams.list(), { client, needed: 2, params: { max_age: '0' } }) : []
  }

  router.get('/', 'sign-in', async (ctx, account) => {
    const { id } = account.person
    await centre.show(ctx, account, 'upstream/list', {
      links: (await upstreamLinks.of(id)).map((one) => shown(deps, one)),
      addable: (await addable()).length > 0,
      off: await methodLocks.locked(id, name),
      done: doneOf(ctx, done),
    })
  })

  // a link is made by one question only: after a sign-in in which the upstream spoke
  router.post('/add', { back: home, needs: 'change-authenticators' }, async (ctx) => {
    if ((await addable()).length === 0) throw new Refusal('not_found', 'no upstream in this browser')
    requestOf(ctx).returnTo = home
    await centre.enter(ctx, { since: clock() + 2000 })
  })

  router.get('/:id', 'protect-account', async (ctx, account) => {
    const link = await own(deps, ctx, account)
    const { person, session } = account
    const now = clock()
    await centre.show(ctx, account, 'upstream/one', {
      link: shown(deps, link),
      last: await areLastWays({ authenticators, upstreams }, person.id, database, [linkId(link)]),
      release: mayRelease({ heldAt: link.pausedAt }, { person, amr: session.amr, now }),
      until: isHeld(person, now) && !session.amr.includes('user') ? iso(person.heldUntil) : '',
    })
  })
}

function endingRoutes(router: AccountRouter, centre: AccountHost, deps: Deps): void {
  const { upstreams, sessions, clock } = deps
  const back = (ctx: RouterContext) => `${home}/${encodeURIComponent(idOf(ctx))}`
  const nameOf = (ctx: RouterContext, { upstream }: UpstreamLink) =>
    upstreams.client(upstream)?.upstream.name ?? requestOf(ctx).t(`${name}.out_of_use`)

  /** Ends a link with the sessions that it began. `stays`: the session that goes on in any case. */
  async function end(ctx: RouterContext, { person }: AccountContext, link: UpstreamLink, how: Ending) {
    const { stays, undo } = how
    const stay = await sessions.without(person.id, { method: name, authenticator: linkId(link) }, stays)
    await endLinks(deps, [link], { stay, by: actorOf(ctx), undo })
    await sessions.removeEnded(person.id)
    redirectTo(ctx, `${home}?done=${undo ? 'undone' : 'removed'}`)
  }

  const mayEnd = (ctx: RouterContext, account: AccountContext, { pausedAt }: UpstreamLink) =>
    mayRemove(centre, ctx, account, { heldAt: pausedAt }, clock())
  const ask = async (ctx: RouterContext, account: AccountContext) => {
    const link = await own(deps, ctx, account)
    return (await mayEnd(ctx, account, link)) ? { kind: name, values: { name: nameOf(ctx, link) } } : undefined
  }
  router.lose('/:id/remove', { back, needs: 'protect-account', ask }, async (ctx, account) => {
    const link = await own(deps, ctx, account)
    if (await mayEnd(ctx, account, link)) await end(ctx, account, link, { stays: account.session, undo: false })
  })

  // any sign-in undoes a link that the person did not make: it only takes away what was not there before
  const askUndo = async (ctx: RouterContext, account: AccountContext) => {
    const link = await own(deps, ctx, account)
    if ((link.undoUntil ?? 0) <= clock()) throw new Refusal('not_found', 'this link can no longer be undone')
    return { kind: `${name}_undo`, values: { name: nameOf(ctx, link) } }
  }
  router.lose('/:id/undo', { back: home, needs: 'sign-in', ask: askUndo }, async (ctx, account) =>
    end(ctx, account, await own(deps, ctx, account), { stays: undefined, undo: true }),
  )

  router.post('/:id/mine', { back, needs: 'protect-account' }, async (ctx, account) => {
    const link = await own(deps, ctx, account)
    const { person, session } = account
    if (!mayRelease({ heldAt: link.pausedAt }, { person, amr: session.amr, now: clock() }))
      return redirectTo(ctx, back(ctx))
    await releaseLink(deps, link, actorOf(ctx))
    return redirectTo(ctx, `${home}?done=released`)
  })
}

interface Ending {
  stays: AccountContext['session'] | undefined
  undo: boolean
}
