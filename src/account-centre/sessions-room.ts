import type { Devices } from '../accounts/devices.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { describePlace } from './describe-place.ts'
import { ownClientId } from './own-client.ts'
import { portalNames } from './portal-names.ts'
import type { MethodSwitches } from './method-switches.ts'

export interface SessionsDeps {
  centre: AccountHost
  sessions: Sessions
  devices: Devices
  clients: Clients
  methodSwitches: MethodSwitches
  regionOf: RegionOf
}

const room = '/account/sessions'
const done = ['ended', 'others_ended', 'forgotten']

/** The open sessions of the person, and the browsers they signed in with. */
export function sessionsRoutes(router: AccountRouter, deps: SessionsDeps): void {
  const { centre, sessions, devices } = deps

  router.get(room, 'sign-in', async (ctx, account) => {
    const open = await openSessions(deps, ctx, account)
    await centre.show(ctx, account, 'account/sessions', {
      // the current one first, then the latest
      sessions: open.sort((one, other) => Number(other.current) - Number(one.current) || other.since - one.since),
      devices: await knownDevices(deps, ctx, account),
      done: doneOf(ctx, done),
    })
  })

  router.post(`${room}/:id/end`, { back: room, needs: 'sign-in' }, async (ctx, account) => {
    const session = await sessions.find(idOf(ctx))
    if (session?.personId !== account.person.id) throw new Refusal('not_found', 'no session of this person')
    await endSessions(deps, ctx, account, 'one', [session.uid])
    redirectTo(ctx, session.uid === account.session.uid ? '/' : `${room}?done=ended`)
  })

  router.post(`${room}/end-others`, { back: room, needs: 'sign-in' }, async (ctx, { person, session }) => {
    const others = (await sessions.list(person.id)).filter(({ uid }) => uid !== session.uid)
    const details = { reason: 'others', sessions: others.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    await sessions.end(person.id, { but: [session] }, entry)
    redirectTo(ctx, `${room}?done=others_ended`)
  })

  router.post('/account/devices/:id/forget', { back: room, needs: 'sign-in' }, async (ctx, account) => {
    const { id } = account.person
    const key = idOf(ctx)
    if (!(await devices.forget(id, key, actorOf(ctx)))) throw new Refusal('not_found', 'no browser of this person')
    const open = await sessions.listWithOrigins(id)
    const there = open.filter(({ uid, origin }) => origin?.deviceKey === key && uid !== account.session.uid)
    const uids = there.map(({ uid }) => uid)
    await endSessions(deps, ctx, account, 'device', uids)
    redirectTo(ctx, `${room}?done=forgotten`)
  })
}

function endSessions(
  { sessions }: Pick<SessionsDeps, 'sessions'>,
  ctx: RouterContext,
  { person }: AccountContext,
  reason: string,
  uids: readonly string[],
) {
  const details = { reason, sessions: uids.length }
  const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
  return sessions.end(person.id, { only: uids }, entry)
}

async function openSessions(deps: SessionsDeps, ctx: RouterContext, { person, session }: AccountContext) {
  const { language } = requestOf(ctx)
  const all = await deps.sessions.listWithOrigins(person.id)
  const ids = all.flatMap(({ clientIds }) => clientIds)
  const nameOf = await portalNames(deps.clients, ids, language)
  return all.map(({ uid, origin, signedInAt, clientIds }) => ({
    uid,
    ...describePlace(deps.regionOf, origin ?? {}, language),
    method: deps.methodSwitches.known(origin?.method ?? ''),
    since: signedInAt * 1000,
    portals: clientIds
      .filter((id) => id !== ownClientId)
      .map(nameOf)
      .filter(Boolean),
    current: uid === session.uid,
  }))
}

async function knownDevices({ devices }: SessionsDeps, ctx: RouterContext, { person }: AccountContext) {
  const { language } = requestOf(ctx)
  const current = devices.keyOf(requestOf(ctx).device())
  return (await devices.list(person.id)).map(({ key, browser, firstSeenAt, lastSeenAt }) => ({
    key,
    ...describePlace(() => undefined, { browser }, language),
    firstSeenAt,
    lastSeenAt,
    current: key === current,
  }))
}
