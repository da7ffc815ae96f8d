import type { Devices } from '../accounts/devices.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'
import { describePlace } from './places.ts'
import { portalNames } from './portal-names.ts'
import type { WaysIn } from './ways-in.ts'

export interface SessionsDeps {
  sessions: Sessions
  devices: Devices
  clients: Clients
  waysIn: WaysIn
  regionOf: RegionOf
}

const room = '/account/sessions'
const done = ['ended', 'others_ended', 'forgotten']

/** Where I am signed in, and the browsers I am known by. */
export function sessionsRoutes(router: Router, centre: AccountHost, deps: SessionsDeps): void {
  const { sessions, devices, clients, waysIn, regionOf } = deps

  const end = (ctx: RouterContext, { person }: AccountContext, reason: string, uids: readonly string[]) => {
    const details = { reason, sessions: uids.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    return sessions.end(person.id, { only: uids }, entry)
  }

  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const { language, device } = { language: requestOf(ctx).language, device: devices.keyOf(requestOf(ctx).device()) }
    const all = await sessions.listAbout(account.person.id)
    const nameOf = await portalNames(
      clients,
      all.flatMap(({ clientIds }) => clientIds),
      language,
    )
    const described = all.map(({ uid, about, signedInAt, clientIds }) => ({
      uid,
      ...describePlace(regionOf, about ?? {}, language),
      method: waysIn.known(about?.method ?? ''),
      since: signedInAt * 1000,
      portals: clientIds
        .filter((id) => id !== ownClientId)
        .map(nameOf)
        .filter(Boolean),
      current: uid === account.session.uid,
    }))
    const known = await devices.list(account.person.id)
    await centre.show(ctx, account, 'account/sessions', {
      // this one first, then the latest
      sessions: described.sort((one, other) => Number(other.current) - Number(one.current) || other.since - one.since),
      devices: known.map(({ key, browser, firstSeenAt, lastSeenAt }) => ({
        key,
        ...describePlace(() => undefined, { browser }, language),
        firstSeenAt,
        lastSeenAt,
        current: key === device,
      })),
      done: doneOf(ctx, done),
    })
  })

  router.post(`${room}/:id/end`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const session = await sessions.find(idOf(ctx))
    if (session?.personId !== account.person.id) throw new Refusal('not_found', 'no session of this person')
    await end(ctx, account, 'one', [session.uid])
    redirectTo(ctx, session.uid === account.session.uid ? '/' : `${room}?done=ended`)
  })

  router.post(`${room}/end-others`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const { person, session } = account
    const others = (await sessions.list(person.id)).filter(({ uid }) => uid !== session.uid)
    const details = { reason: 'others', sessions: others.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    await sessions.end(person.id, { but: [session] }, entry)
    redirectTo(ctx, `${room}?done=others_ended`)
  })

  router.post('/account/devices/:id/forget', async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const { id } = account.person
    const key = idOf(ctx)
    if (!(await devices.forget(id, key, actorOf(ctx)))) throw new Refusal('not_found', 'no browser of this person')
    const open = await sessions.listAbout(id)
    const there = open.filter(({ uid, about }) => about?.deviceKey === key && uid !== account.session.uid)
    await end(
      ctx,
      account,
      'device',
      there.map(({ uid }) => uid),
    )
    redirectTo(ctx, `${room}?done=forgotten`)
  })
}
