import type { Devices } from '../accounts/devices.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { describePlace, deviceWords } from './describe-place.ts'
import { ownClientId } from './own-client.ts'
import { portalNames } from './portal-names.ts'
import type { MethodSwitches } from './method-switches.ts'
import type { SessionMemoryDeps } from './session-memory.ts'
import { forgetLost, lostIdOf, lostUnder, rememberLost } from './undo-memory.ts'

export interface SessionsDeps extends SessionMemoryDeps {
  centre: AccountHost
  sessions: Sessions
  devices: Devices
  clients: Clients
  audit: Pick<AuditLog, 'lastEntered'>
  methodSwitches: MethodSwitches
  regionOf: RegionOf
}

const room = '/account/sessions'
const route = { back: room, needs: 'sign-in' } as const
const done = ['ended', 'others_ended', 'forgotten', 'restored', 'late']

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
      undo: doneOf(ctx, ['forgotten']) && ((await lostUnder(deps, account, lostIdOf(ctx), 'device'))?.device.key ?? ''),
    })
  })

  /** @throws Refusal `not_found` */
  async function openOne(ctx: RouterContext, account: AccountContext) {
    const one = (await openSessions(deps, ctx, account)).find(({ uid }) => uid === idOf(ctx))
    if (!one) throw new Refusal('not_found', 'no session of this person')
    return one
  }

  async function askEnd(ctx: RouterContext, account: AccountContext) {
    const { place, portals, ...device } = await openOne(ctx, account)
    const services = portals.join(requestOf(ctx).t('common.between'))
    const facts = { ...(place && { place }), ...(services && { portals: services }) }
    return { kind: 'session', values: { device: deviceWords(ctx, device) }, facts }
  }

  router.lose(`${room}/:id/end`, { ...route, ask: askEnd }, async (ctx, account) => {
    const { uid } = await openOne(ctx, account)
    await endSessions(deps, ctx, account, 'one', [uid])
    redirectTo(ctx, uid === account.session.uid ? '/' : `${room}?done=ended`)
  })

  const askOthers = async (_ctx: RouterContext, { person }: AccountContext) => ({
    kind: 'others',
    values: { count: (await sessions.list(person.id)).length - 1 },
  })

  router.lose(`${room}/end-others`, { ...route, ask: askOthers }, async (ctx, { person, session }) => {
    const others = (await sessions.list(person.id)).filter(({ uid }) => uid !== session.uid)
    const details = { reason: 'others', sessions: others.length }
    const entry = { event: 'session.ended', ...actorOf(ctx), personId: person.id, details } as const
    await sessions.end(person.id, { but: [session] }, entry)
    redirectTo(ctx, `${room}?done=others_ended`)
  })

  async function askForget(ctx: RouterContext, account: AccountContext) {
    const known = (await knownDevices(deps, ctx, account)).find(({ key }) => key === idOf(ctx))
    if (!known) throw new Refusal('not_found', 'no browser of this person')
    return { kind: 'device', values: { device: deviceWords(ctx, known) } }
  }

  router.lose('/account/devices/:id/forget', { ...route, ask: askForget }, async (ctx, account) => {
    const { id } = account.person
    const key = idOf(ctx)
    const device = await devices.forget(id, key, actorOf(ctx))
    if (!device) throw new Refusal('not_found', 'no browser of this person')
    const open = await sessions.listWithOrigins(id)
    const there = open.filter(({ uid, origin }) => origin?.deviceKey === key && uid !== account.session.uid)
    const uids = there.map(({ uid }) => uid)
    await endSessions(deps, ctx, account, 'device', uids)
    await rememberLost(deps, account, key, { type: 'device', device })
    redirectTo(ctx, `${room}?done=forgotten&undo=${encodeURIComponent(key)}`)
  })

  // the browser is known again; its sessions stay ended
  router.post('/account/devices/:id/again', route, async (ctx, account) => {
    const lost = await lostUnder(deps, account, idOf(ctx), 'device')
    if (!lost) return redirectTo(ctx, `${room}?done=late`)
    await devices.restore(account.person.id, lost.device, actorOf(ctx))
    await forgetLost(deps, account, idOf(ctx))
    return redirectTo(ctx, `${room}?done=restored`)
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
  const old = await oldPortals(deps, person.id, ids)
  return all.map(({ uid, origin, signedInAt, clientIds }) => ({
    uid,
    ...describePlace(deps.regionOf, origin ?? {}, language),
    method: deps.methodSwitches.known(origin?.method ?? ''),
    since: signedInAt * 1000,
    portals: clientIds
      .filter((id) => id !== ownClientId)
      .map(nameOf)
      .filter(Boolean),
    oldPortals: clientIds.flatMap((id) => {
      const usedAt = old.get(id)
      return usedAt === undefined ? [] : [{ name: nameOf(id), usedAt }]
    }),
    signIn: origin?.signIns.at(-1) ?? '',
    current: uid === session.uid,
  }))
}

/** Portals of a legacy protocol among these, with the last use by this person. @returns milliseconds since 1970 UTC */
async function oldPortals({ clients, audit }: SessionsDeps, personId: string, ids: readonly string[]) {
  const found = await Promise.all([...new Set(ids)].map((id) => clients.find(id)))
  const old = new Set(found.flatMap((client) => (client?.legacy === undefined ? [] : [client.id])))
  const entered = old.size === 0 ? [] : await audit.lastEntered(personId)
  return new Map(entered.filter(({ clientId }) => old.has(clientId)).map(({ clientId, at }) => [clientId, at]))
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
