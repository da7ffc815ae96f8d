import type { Authenticator } from '../../accounts/authenticators.ts'
import { isHeld } from '../../accounts/natural-persons.ts'
import { waysLeft } from '../../accounts/ways-in.ts'
import { doneOf, goTo, idOf } from '../../pages/going.ts'
import { visitOf } from '../../pages/visit.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../host.ts'
import type { AccountHost, AccountVisit, Enrolment, Router, RouterContext } from '../method.ts'
import { authenticatorName } from './authenticator-names.ts'
import type { Challenges } from './challenges.ts'
import { name, type MakingParts } from './parts.ts'
import { mayRelease, readName, releasePasskey, removePasskey, renamePasskey } from './keeping.ts'
import { creationOptions, register } from './registration.ts'
import { canHavePasskeys } from './relying-party.ts'
import { readStored } from './stored.ts'

type EnrolmentParts = MakingParts & { challenges: Challenges }

const home = `/account/${name}`
const done = ['added', 'renamed', 'removed', 'released'] as const
const goHome = (ctx: RouterContext, how: (typeof done)[number]) => goTo(ctx, `${home}?done=${how}`)

/** 通行密钥 in the account centre: which there are, one more, names, removal. */
export function passkeyEnrolment(parts: EnrolmentParts): Enrolment {
  return {
    routes(router, centre) {
      listRoutes(router, centre, parts)
      addRoutes(router, centre, parts)
      oneRoutes(router, centre, parts)
    },
  }
}

function shown(ctx: RouterContext, parts: EnrolmentParts, authenticator: Authenticator) {
  const { aaguid, backedUp } = readStored(authenticator)
  const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())
  const own = readName(parts, authenticator)
  const keeper = authenticatorName(aaguid, visitOf(ctx).language)
  return {
    id: authenticator.id,
    title: own || keeper,
    own,
    keeper,
    showKeeper: own !== '' && keeper !== '',
    synced: backedUp,
    held: authenticator.heldAt !== null,
    created: iso(authenticator.createdAt),
    used: iso(authenticator.lastUsedAt),
  }
}

function listRoutes(router: Router, centre: AccountHost, parts: EnrolmentParts): void {
  const { authenticators, methodLocks, settings } = parts

  router.get('/', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { id } = visit.person
    const passkeys = await authenticators.list(id, name)
    await centre.show(ctx, visit, 'passkey/list', {
      passkeys: passkeys.map((one) => shown(ctx, parts, one)),
      off: await methodLocks.locked(id, name),
      possible: canHavePasskeys(settings.issuer),
      done: doneOf(ctx, done),
    })
  })
}

/** The challenge is the session's and the person's: another session cannot finish what this one began. */
const holderOf = ({ session, person }: AccountVisit) => `${session.uid} ${person.id}`

function addRoutes(router: Router, centre: AccountHost, parts: EnrolmentParts): void {
  const { challenges } = parts

  const show = (ctx: RouterContext, visit: AccountVisit, problem = '') =>
    centre.show(ctx, visit, 'passkey/add', { problem }, problem ? 400 : 200)

  router.get('/add', async (ctx) => {
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (visit) await show(ctx, visit)
  })

  router.post('/add/options', async (ctx) => {
    visitOf(ctx).back = `${home}/add`
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (!visit) return
    ctx.body = await creationOptions(parts, visit.person, await challenges.issue('enrolment', holderOf(visit)))
  })

  router.post('/add', async (ctx) => {
    visitOf(ctx).back = `${home}/add`
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (!visit) return
    const text = visitOf(ctx).form['response'] ?? ''
    const challenge = await challenges.take('enrolment', holderOf(visit))
    const device = visitOf(ctx).device()
    const registered = await register(parts, { text, challenge, person: visit.person, by: actorOf(ctx), device })
    if (!registered.ok) return show(ctx, visit, registered.fault)
    goHome(ctx, 'added')
    return undefined
  })
}

function oneRoutes(router: Router, centre: AccountHost, parts: EnrolmentParts): void {
  const { authenticators, sessions, database, clock } = parts

  /** @throws Refusal `not_found`, the same for one that is not there and one that is not theirs */
  async function mine(ctx: RouterContext, may: 'mayProtect' | 'mayChangeAuthenticators') {
    visitOf(ctx).back = `${home}/${encodeURIComponent(idOf(ctx))}`
    const visit = await centre[may](ctx)
    if (!visit) return undefined
    const passkey = (await authenticators.list(visit.person.id, name)).find(({ id }) => id === idOf(ctx))
    if (!passkey) throw new Refusal('not_found')
    return { visit, passkey }
  }

  async function show(
    ctx: RouterContext,
    { visit, passkey }: { visit: AccountVisit; passkey: Authenticator },
    status = 200,
  ) {
    const { person, session } = visit
    const now = clock()
    const last = passkey.heldAt === null && (await waysLeft(authenticators, person.id, database)) <= 1
    const data = {
      passkey: shown(ctx, parts, passkey),
      last,
      release: mayRelease(passkey, { person, amr: session.amr, now }),
      until:
        isHeld(person, now) && !session.amr.includes('user') ? new Date(person.heldUntil ?? now).toISOString() : '',
    }
    await centre.show(ctx, visit, 'passkey/one', data, status)
  }

  router.get('/:id', async (ctx) => {
    const found = await mine(ctx, 'mayProtect')
    if (found) await show(ctx, found)
  })

  router.post('/:id/name', async (ctx) => {
    const found = await mine(ctx, 'mayChangeAuthenticators')
    if (!found) return
    await renamePasskey(parts, found.passkey, visitOf(ctx).form['name'] ?? '', actorOf(ctx))
    goHome(ctx, 'renamed')
  })

  // whoever was in before a recovery may have made it: its owner gets rid of it at once, also while the account is held
  router.post('/:id/remove', async (ctx) => {
    const found = await mine(ctx, 'mayProtect')
    if (!found) return
    const { id: personId } = found.visit.person
    const taken = { method: name, authenticator: found.passkey.id }
    const stay = await sessions.without(personId, taken, found.visit.session)
    await removePasskey(parts, found.passkey, { stay, by: actorOf(ctx) })
    await sessions.removeEnded(personId)
    goHome(ctx, 'removed')
  })

  router.post('/:id/mine', async (ctx) => {
    const found = await mine(ctx, 'mayProtect')
    if (!found) return undefined
    const { visit, passkey } = found
    if (!mayRelease(passkey, { person: visit.person, amr: visit.session.amr, now: clock() }))
      return show(ctx, found, 403)
    await releasePasskey(parts, passkey, actorOf(ctx))
    return goHome(ctx, 'released')
  })
}
