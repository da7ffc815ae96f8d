import type { Authenticator } from '../../../accounts/authenticators.ts'
import { isHeld } from '../../../accounts/natural-persons.ts'
import { areLastWays, type WaysIn } from '../../../accounts/sign-in-kinds.ts'
import { doneOf, redirectTo, idOf } from '../../../pages/redirect.ts'
import { nameBrowser } from '../../../pages/browser-name.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { accountRouter, type AccountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import { mayRelease, mayRemove } from '../../held-authenticator.ts'
import type { AccountHost, AccountContext, Enrolment, RouterContext } from '../../method.ts'
import { createAcceptedPasskeys } from './accepted.ts'
import { authenticatorName } from './authenticator-names.ts'
import type { Challenges } from './challenges.ts'
import { name, type MakingDeps } from './passkey-deps.ts'
import { readName, releasePasskey, removePasskey, renamePasskey } from './keeping.ts'
import { creationOptions, register } from './registration.ts'
import { canHavePasskeys } from './relying-party.ts'
import { readStored, type StoredPasskey } from './stored-passkey.ts'

type EnrolmentDeps = MakingDeps & WaysIn & { challenges: Challenges }

const home = `/account/${name}`
const done = ['added', 'renamed', 'removed', 'released'] as const
const goHome = (ctx: RouterContext, how: (typeof done)[number]) => redirectTo(ctx, `${home}?done=${how}`)

/** 通行密钥 in the account centre: list, add, rename, remove. */
export function passkeyEnrolment(deps: EnrolmentDeps): Enrolment {
  return {
    routes(router, centre) {
      const account = accountRouter(router, centre)
      listRoutes(account, centre, deps)
      addRoutes(account, centre, deps)
      oneRoutes(account, centre, deps)
    },
  }
}

/** The browsers that the person knows, by key: one of them may have made a passkey. */
const browsersOf = async ({ devices }: EnrolmentDeps, personId: string) =>
  new Map((await devices.list(personId)).map(({ key, browser }) => [key, nameBrowser(browser)]))

type Browsers = Awaited<ReturnType<typeof browsersOf>>

/** System and browser that a passkey was made in, where it is kept on that device; else empty. */
function madeIn(ctx: RouterContext, { transports, device = '' }: StoredPasskey, browsers: Browsers): string {
  const { system = '', browser = '' } = (transports.includes('internal') && browsers.get(device)) || {}
  return [system, browser].filter(Boolean).join(requestOf(ctx).t('common.comma'))
}

function shown(ctx: RouterContext, deps: EnrolmentDeps, authenticator: Authenticator, browsers: Browsers) {
  const stored = readStored(authenticator)
  const { aaguid, backedUp } = stored
  const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())
  const own = readName(deps, authenticator)
  const keeper = authenticatorName(aaguid, requestOf(ctx).language)
  const title = own || madeIn(ctx, stored, browsers) || keeper
  return {
    id: authenticator.id,
    title,
    own,
    keeper,
    showKeeper: title !== keeper && keeper !== '',
    synced: backedUp,
    held: authenticator.heldAt !== null,
    created: iso(authenticator.createdAt),
    used: iso(authenticator.lastUsedAt),
  }
}

function listRoutes(router: AccountRouter, centre: AccountHost, deps: EnrolmentDeps): void {
  const { authenticators, methodLocks, settings } = deps
  const accepted = createAcceptedPasskeys(deps)

  router.get('/', 'sign-in', async (ctx, account) => {
    const { id } = account.person
    const passkeys = await authenticators.list(id, name)
    const browsers = await browsersOf(deps, id)
    requestOf(ctx).signals.push(await accepted(id))
    await centre.show(ctx, account, 'passkey/list', {
      passkeys: passkeys.map((one) => shown(ctx, deps, one, browsers)),
      off: await methodLocks.locked(id, name),
      possible: canHavePasskeys(settings.issuer),
      done: doneOf(ctx, done),
    })
  })
}

/** The challenge belongs to session and person: another session cannot finish this ceremony. */
const holderOf = ({ session, person }: AccountContext) => `${session.uid} ${person.id}`

function addRoutes(router: AccountRouter, centre: AccountHost, deps: EnrolmentDeps): void {
  const { challenges } = deps

  const show = (ctx: RouterContext, account: AccountContext, problem = '') =>
    centre.show(ctx, account, 'passkey/add', { problem, container: requestOf(ctx).container }, problem ? 400 : 200)

  const adding = { back: `${home}/add`, needs: 'change-authenticators' } as const

  router.get('/add', adding.needs, (ctx, account) => show(ctx, account))

  router.post('/add/options', adding, async (ctx, account) => {
    ctx.body = await creationOptions(deps, account.person, await challenges.issue('enrolment', holderOf(account)))
  })

  router.post('/add', adding, async (ctx, account) => {
    const text = requestOf(ctx).form['response'] ?? ''
    const challenge = await challenges.take('enrolment', holderOf(account))
    const device = requestOf(ctx).device()
    const registered = await register(deps, { text, challenge, person: account.person, by: actorOf(ctx), device })
    if (!registered.ok) return show(ctx, account, registered.fault)
    goHome(ctx, 'added')
    return undefined
  })
}

function oneRoutes(router: AccountRouter, centre: AccountHost, deps: EnrolmentDeps): void {
  const { authenticators, sessions, database, clock } = deps

  /** @throws Refusal `not_found` for an unknown passkey as for one of another person */
  async function own(ctx: RouterContext, { person }: AccountContext): Promise<Authenticator> {
    const passkey = (await authenticators.list(person.id, name)).find(({ id }) => id === idOf(ctx))
    if (!passkey) throw new Refusal('not_found')
    return passkey
  }
  const back = (ctx: RouterContext) => `${home}/${encodeURIComponent(idOf(ctx))}`

  async function show(ctx: RouterContext, account: AccountContext, passkey: Authenticator, status = 200) {
    const { person, session } = account
    const now = clock()
    const last = await areLastWays(deps, person.id, database, [passkey.id])
    const release = mayRelease(passkey, { person, amr: session.amr, now })
    const until =
      isHeld(person, now) && !session.amr.includes('user') ? new Date(person.heldUntil ?? now).toISOString() : ''
    const data = {
      passkey: shown(ctx, deps, passkey, await browsersOf(deps, person.id)),
      last,
      release,
      until,
      removable: release || until === '',
    }
    await centre.show(ctx, account, 'passkey/one', data, status)
  }

  router.get('/:id', 'protect-account', async (ctx, account) => show(ctx, account, await own(ctx, account)))

  router.post('/:id/name', { back, needs: 'change-authenticators' }, async (ctx, account) => {
    await renamePasskey(deps, await own(ctx, account), requestOf(ctx).form['name'] ?? '', actorOf(ctx))
    goHome(ctx, 'renamed')
  })

  const ask = async (ctx: RouterContext, account: AccountContext) => {
    if (!(await mayRemove(centre, ctx, account, await own(ctx, account), clock()))) return undefined
    const { title } = shown(ctx, deps, await own(ctx, account), await browsersOf(deps, account.person.id))
    return { kind: 'passkey', values: { name: title || requestOf(ctx).t('passkey.unnamed') } }
  }
  router.lose('/:id/remove', { back, needs: 'protect-account', ask }, async (ctx, account) => {
    const passkey = await own(ctx, account)
    if (!(await mayRemove(centre, ctx, account, passkey, clock()))) return
    const { id: personId } = account.person
    const taken = { method: name, authenticator: passkey.id }
    const stay = await sessions.without(personId, taken, account.session)
    await removePasskey(deps, passkey, { stay, by: actorOf(ctx) })
    await sessions.removeEnded(personId)
    goHome(ctx, 'removed')
  })

  router.post('/:id/mine', { back, needs: 'protect-account' }, async (ctx, account) => {
    const passkey = await own(ctx, account)
    if (!mayRelease(passkey, { person: account.person, amr: account.session.amr, now: clock() }))
      return show(ctx, account, passkey, 403)
    await releasePasskey(deps, passkey, actorOf(ctx))
    return goHome(ctx, 'released')
  })
}
