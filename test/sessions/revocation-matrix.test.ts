import { beforeAll, describe, expect, it } from 'vitest'
import { liveThings, remedies, type LiveThing, type Remedy } from '../../docs/revocation-matrix.ts'
import type { Services } from '../../src/services.ts'
import { remember, type Forget } from '../setup/forgetting.ts'
import { inLongRun } from '../setup/long-run.ts'
import { end, mandate, openOrganisation } from '../setup/organisation.ts'
import { cannotRun } from '../setup/parts.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { signInByPasskey } from '../setup/passkey.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { newPassword } from '../setup/recovery.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { startRecycledVendor } from '../setup/recycled-vendor.ts'
import { startSmsGateway } from '../setup/sms-gateway.ts'
import { scaleOut } from '../setup/stores.ts'
import {
  alive,
  copyOf,
  enter,
  isSignedIn,
  look,
  pickUp,
  proveOnly,
  refresh,
  robbed,
  succeeds,
  userinfo,
  type Probe,
  type Robbed,
} from '../setup/thief.ts'
import { Visitor } from '../setup/visitor.ts'
import { acts, by, type Scene } from './remedies.ts'

const rounds = inLongRun(1, 3)
/** Five: one of each kind, and a second of kind 0 that proves again. */
const lanes = inLongRun(5, 16)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** After these remedies the owner can sign in again. */
const passwords: Partial<Record<Remedy, string>> = {
  password: newPassword,
  recovery: newPassword,
  text: newPassword,
  face: newPassword,
}
const shut = new Set<Remedy>(['closed', 'closing'])

type Sign = (visitor: Visitor, one: Robbed) => Promise<unknown>

const byPassword: Sign = async (visitor, { person }) => signIn(visitor, await visitor.get('/account'), person.username)
const byPasskey: Sign = async (visitor, { passkey }) => {
  const page = await visitor.get('/account')
  // where passkeys are off the page has no button
  if (page.html.includes('data-passkey')) await signInByPasskey(visitor, page, passkey)
}

/** Proofs that the thief finishes during the remedy. A proof begun before must not count after it. */
const proofs: Partial<Record<Remedy, Sign>> = {
  password: byPassword,
  recovery: byPassword,
  text: byPassword,
  face: byPassword,
  removed: byPasskey,
  'switched-off': byPasskey,
  'not-me': byPasskey,
}

/** The latest loot of each lane: checking more would only take time. */
const keptOfLane = 3

/** The thief continues in parallel lanes during the remedy. The test checks all loot of these lanes too. */
async function lanesOf({ issuer, headers, portal }: Scene, one: Robbed, remedy: Remedy) {
  const copy = () => copyOf(one.thief, issuer, headers)

  async function laneOf(kind: number, lane: number) {
    const tokens: Awaited<ReturnType<typeof refresh>>[] = []
    const probes: Probe[] = []
    const visitor = copy()
    async function keep(asked: Promise<(typeof tokens)[number]>) {
      const got = await asked.catch(() => undefined)
      if (got) tokens.unshift(got)
      tokens.length = Math.min(tokens.length, keptOfLane)
    }
    const enters = async (by_: Visitor) => {
      const { begun, page } = await enter(by_, portal)
      if (page.leads) await keep(begun.finish(page))
    }
    const loot = () => [
      ...probes,
      ...tokens.flatMap(({ access_token: access, refresh_token: token }) => [
        () => succeeds(userinfo(portal, access)),
        ...(token === undefined ? [] : [() => succeeds(refresh(portal, token))]),
      ]),
    ]
    const again = lane >= lanes / 2 ? proofs[remedy] : undefined
    let begun = 0
    if (kind === 0 && again) {
      const step = async () => {
        begun += 1
        // a sixth wrong password would make the owner wait
        if (begun > 2) return
        const late = one.browser()
        probes.push(() => isSignedIn(late))
        await again(late, one)
      }
      return { loot, step }
    }
    if (kind === 0) return { loot, step: async () => void (await visitor.get('/logout')) }
    if (kind === 1) return { loot, step: () => enters(visitor) }
    if (kind === 2) {
      const first = one.refreshTokens[lane >> 2] ?? ''
      return { loot, step: () => keep(refresh(portal, tokens[0]?.refresh_token ?? first)) }
    }
    // a login that finishes now is a separate session, which "end one session" does not name
    if (remedy === 'one') return { loot, step: async () => void (await isSignedIn(visitor)) }
    const late = one.browser()
    const address = await proveOnly(late, await portal.begin(), one.passkey)
    probes.push(() => isSignedIn(late))
    let picked = false
    const step = async () => {
      // at about the time of the remedy
      if (!picked) await pause(lane * 4)
      await (picked ? enters(late) : pickUp(late, address))
      picked = true
    }
    return { loot, step }
  }

  const all: Awaited<ReturnType<typeof laneOf>>[] = []
  for (let lane = 0; lane < lanes; lane += 1) all.push(await laneOf(lane % 4, lane))
  return {
    loot: () => all.flatMap(({ loot }) => loot()),
    begin() {
      const control = { stop: false }
      const running = all.map(async ({ step }) => {
        for (; !control.stop; await pause(5)) await step()
      })
      return async () => {
        control.stop = true
        await Promise.all(running)
      }
    },
  }
}

const goesOn = (remedy: Remedy) =>
  (Object.keys(liveThings) as LiveThing[])
    .filter((thing) => !(remedies[remedy].ends as readonly LiveThing[]).includes(thing))
    .toSorted()

let server: RunningServer
let services: Services
let portal: TestPortal
let texts: Scene['texts']
let vendor: Scene['vendor']
let networks = 0

async function prepare(remedy: keyof typeof acts) {
  networks += 1
  const headers = { 'x-forwarded-for': `198.51.${networks >> 8}.${networks & 255}` }
  const scene: Scene = { services, issuer: server.issuer, headers, portal, texts, vendor }
  const one = await robbed(services, portal, headers, { recovered: remedy === 'stop' })
  return { scene, one, under: await lanesOf(scene, one, remedy) }
}

const all = Object.keys(acts) as (keyof typeof acts)[]

const stores = [
  { name: 'the embedded stores', there: true, settings: async () => ({}) },
  { name: 'PostgreSQL and Redis', there: !cannotRun('PostgreSQL') && !cannotRun('Redis'), settings: scaleOut },
]

const present = stores
  .filter(({ there }) => there)
  .map((store, index, { length }) => ({
    ...store,
    // each remedy once, in turns on the stores; the long run tries each on both
    remedies: inLongRun(
      all.filter((_, turn) => turn % length === index),
      all,
    ),
  }))

describe.each(present)('on $name', ({ settings, remedies: tried }) => {
  beforeAll(async () => {
    texts = await startSmsGateway()
    vendor = await startRecycledVendor()
    server = await startServer({
      YIDENG_SMS: 'webhook',
      YIDENG_SMS_URL: texts.url,
      YIDENG_PHONE_VENDORS: vendor.file,
      YIDENG_SMS_ADDRESS_TEXTS: '100000',
      YIDENG_WORKERS: '2',
      YIDENG_ADDRESS_TRIES: '100000',
      YIDENG_TRUST_PROXY: 'true',
      // nothing may expire by its age
      YIDENG_CODE_SECONDS: '600',
      YIDENG_QR_REDEEM_SECONDS: '120',
      ...(await settings()),
    })
    services = await server.services()
    portal = await registerPortal(services, { scope: 'openid profile offline_access' })
  })

  it('everything is alive before a remedy', async () => {
    const { probes } = (await prepare('one')).one
    expect(await look(probes)).toEqual(Object.keys(probes).toSorted())
  })

  describe.each(Array.from({ length: rounds }, (_, round) => ({ round })))('round $round, two processes', () => {
    const prepared = new Map<Remedy, Awaited<ReturnType<typeof prepare>>>()
    let forget: Forget

    beforeAll(async () => {
      for (const remedy of tried) prepared.set(remedy, await prepare(remedy))
      forget = await remember(server)
    })

    it.concurrent.each(tried)('%s: nothing survives that it should end', async (remedy) => {
      const { scene, one, under } = prepared.get(remedy) ?? expect.fail()
      const stop = under.begin()
      await pause(20)
      await acts[remedy](scene, one)
      if (remedy === 'lock') await services.persons.setStatus(one.person.id, 'active', by)
      if (!shut.has(remedy)) {
        const again = one.browser()
        await signIn(again, await again.get('/account'), one.person.username, passwords[remedy])
        expect(await isSignedIn(again), 'the owner comes in again').toBe(true)
      }
      await pause(300)
      await stop()
      await pause(1300)
      const loot = under.loot()
      expect(await alive(loot), `of ${loot.length} things that were got meanwhile`).toBe(0)
      expect(await look(one.probes)).toEqual(goesOn(remedy))
    })

    it('nothing comes back when the artifact store is restored from before the remedies', async () => {
      await forget()
      await pause(1100)
      for (const [remedy, { one }] of prepared) expect(await look(one.probes), remedy).toEqual(goesOn(remedy))
    })
  })

  it('representation: tokens for the principal end, the session continues', async () => {
    const own = await registerPortal(services, { scope: 'openid representee offline_access' })
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    const held = await mandate(services, organisation.id, organisation.representative, handler)
    const visitor = new Visitor(server.issuer)
    const begun = await own.begin({ prompt: 'consent' })
    const question = await signIn(visitor, await visitor.get(begun.url), handler.username)
    const chosen = await visitor.submit(question, '/representee', { representee: organisation.id })
    const tokens = await begun.finish(await allow(visitor, chosen))
    const unused = await enter(visitor, own)
    const probes = {
      session: () => isSignedIn(visitor),
      code: () => succeeds(unused.begun.finish(unused.page)),
      refresh: () => succeeds(refresh(own, tokens.refresh_token ?? '')),
      access: () => succeeds(userinfo(own, tokens.access_token)),
    }
    const forget = await remember(server)
    await end(services, held.id, organisation.representative)
    await pause(1500)
    expect(await look(probes as Record<LiveThing, Probe>)).toEqual(['session'])
    await forget()
    await pause(1100)
    expect(await look(probes as Record<LiveThing, Probe>)).toEqual(['session'])
  })
})
