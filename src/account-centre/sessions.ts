import type { Devices } from '../accounts/devices.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountVisit, Router, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { doneOf, goTo, idOf } from '../pages/going.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'
import { describePlace } from './places.ts'
import { portalNames } from './portal-names.ts'
import type { WaysIn } from './ways-in.ts'

export interface SessionsParts {
  sessions: Sessions
  devices: Devices
  clients: Clients
  waysIn: WaysIn
  regionOf: RegionOf
}

const room = '/account/sessions'
const done = ['ended', 'others_ended', 'forgotten']

/** Where I am signed in, and the browsers I am known by. */
export function sessionsRoutes(router: Router, centre: AccountHost, parts: SessionsParts): void {
  const { sessions, devices, clients, waysIn, regionOf } = parts

  const end = (ctx: RouterContext, { person }: AccountVisit, reason: string, uids: readonly string[]) => {
    const details = { reason, sessions: uids.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    return sessions.end(person.id, { only: uids }, entry)
  }

  router.get(room, async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { language, device } = { language: visitOf(ctx).language, device: devices.keyOf(visitOf(ctx).device()) }
    const all = await sessions.listAbout(visit.person.id)
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
      current: uid === visit.session.uid,
    }))
    const known = await devices.list(visit.person.id)
    await centre.show(ctx, visit, 'account/sessions', {
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
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    const session = await sessions.find(idOf(ctx))
    if (session?.personId !== visit.person.id) throw new Refusal('not_found', 'no session of this person')
    await end(ctx, visit, 'one', [session.uid])
    goTo(ctx, session.uid === visit.session.uid ? '/' : `${room}?done=ended`)
  })

  router.post(`${room}/end-others`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { person, session } = visit
    const others = (await sessions.list(person.id)).filter(({ uid }) => uid !== session.uid)
    const details = { reason: 'others', sessions: others.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    await sessions.end(person.id, { but: [session] }, entry)
    goTo(ctx, `${room}?done=others_ended`)
  })

  router.post('/account/devices/:id/forget', async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { id } = visit.person
    const key = idOf(ctx)
    if (!(await devices.forget(id, key, actorOf(ctx)))) throw new Refusal('not_found', 'no browser of this person')
    const open = await sessions.listAbout(id)
    const there = open.filter(({ uid, about }) => about?.deviceKey === key && uid !== visit.session.uid)
    await end(
      ctx,
      visit,
      'device',
      there.map(({ uid }) => uid),
    )
    goTo(ctx, `${room}?done=forgotten`)
  })
}
