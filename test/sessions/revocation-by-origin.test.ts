import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { byOrigin, remedies, type LiveThing } from '../../docs/revocation-matrix.ts'
import { loginMethods } from '../../src/login-methods.ts'
import type { Services } from '../../src/services.ts'
import { startCertificateLogin, answerOf, textOn } from '../setup/certificate-login.ts'
import { startChannelLogin } from '../setup/channel-login.ts'
import { remember } from '../setup/forgetting.ts'
import { giveToken, typeCode } from '../setup/otp.ts'
import { allow, openPerson, typePassword } from '../setup/person.ts'
import { registerPortal, type AuthorizationRequest, type TestPortal } from '../setup/portal.ts'
import { letIn, scan, WaitingComputer } from '../setup/qr.ts'
import { openRoom } from '../setup/room.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { copyOf, enter, isSignedIn, look, pickUp, refresh, succeeds, userinfo, type Probe } from '../setup/thief.ts'
import { startUpstreamLogin } from '../setup/upstream-login.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

/** A login up to the request that proves the person. */
interface Proving {
  visitor: Visitor
  begun: AuthorizationRequest
  prove(): Promise<Page>
}

/** A person whose way to sign in a thief holds. */
interface Target {
  /** A browser of the person in the account centre. */
  room(): Promise<Visitor>
  begin(portal: TestPortal, asked?: Record<string, string>): Promise<Proving>
  /** The address of the page on which the person takes the way away. */
  path(): Promise<string>
}

interface World {
  server: RunningServer
  services: Services
  target(): Promise<Target>
}

type Method = keyof typeof byOrigin

/** Nothing may expire by its age. */
const settings = { YIDENG_CODE_SECONDS: '600', YIDENG_QR_REDEEM_SECONDS: '120' }

const firstOf = async ({ authenticators }: Services, personId: string, kind: Method) =>
  `/account/${kind}/${(await authenticators.list(personId, kind))[0]?.id}`

const worlds: Record<Method, () => Promise<World>> = {
  async channel() {
    const all = await startChannelLogin(settings)
    const target = async () => {
      const [user, person] = [all.user(), await all.person()]
      await all.bound(user, person)
      return {
        room: () => all.roomOf(person),
        async begin(portal: TestPortal, asked = {}) {
          const login = await all.begin(portal, { asked })
          const ticket = await all.ticketFor(login, user)
          return { ...login, prove: () => all.enter(login, ticket) }
        },
        path: () => firstOf(all.services, person.id, 'channel'),
      }
    }
    return { ...all, target }
  },
  async certificate() {
    const all = await startCertificateLogin(settings)
    const target = async () => {
      const person = await all.person()
      const one = await all.ofPerson(person)
      await all.bound(one, person)
      return {
        room: () => all.roomOf(person),
        async begin(portal: TestPortal, asked = {}) {
          const visitor = new Visitor(all.server.issuer)
          const begun = await portal.begin(asked)
          const { pathname } = (await visitor.get(begun.url)).url
          const page = await visitor.get(`${pathname}?way=certificate`)
          const answer = await answerOf(one, textOn(page))
          return { visitor, begun, prove: () => visitor.submit(page, '/certificate', { answer }) }
        },
        path: () => firstOf(all.services, person.id, 'certificate'),
      }
    }
    return { ...all, target }
  },
  async upstream() {
    const all = await startUpstreamLogin(settings)
    const target = async () => {
      const [who, person] = [await all.citizen({ acr: 'low' }), await all.person()]
      await all.linked(who, person)
      return {
        room: async () => (await openRoom(all.server.issuer, person)).visitor,
        async begin(portal: TestPortal, asked = {}) {
          const login = await all.begin(portal, undefined, asked)
          const address = all.fs.agree(await all.start(login), who)
          return { ...login, prove: () => login.visitor.get(address) }
        },
        path: async () => {
          const { visitor } = await openRoom(all.server.issuer, person)
          const { html } = await visitor.get('/account/upstream')
          return /href="(\/account\/upstream\/[\w-]+)"/.exec(html)?.[1] ?? expect.fail(html)
        },
      }
    }
    return { ...all, target }
  },
  async otp() {
    const server = await startServer({ ...settings, YIDENG_ADDRESS_TRIES: '100000' })
    const services = await server.services()
    const target = async () => {
      const person = await openPerson(services)
      const token = await giveToken(services, person.id)
      let ahead = -1
      /** Each step counts once; the clocks may differ by one. */
      const code = () => token.code((ahead += 1))
      async function afterPassword(address: URL | string) {
        const visitor = new Visitor(server.issuer)
        return { visitor, page: await typePassword(visitor, await visitor.get(address), person.username) }
      }
      return {
        async room() {
          const { visitor, page } = await afterPassword('/account')
          await typeCode(visitor, page, code())
          return visitor
        },
        async begin(portal: TestPortal, asked = {}) {
          const begun = await portal.begin(asked)
          const { visitor, page } = await afterPassword(begun.url)
          return { visitor, begun, prove: () => typeCode(visitor, page, code()) }
        },
        path: () => firstOf(services, person.id, 'otp'),
      }
    }
    return { server, services, target }
  },
}

/** A thief signs in by the way that they hold, and gets all that such a session gets. */
async function robbed({ server: { issuer }, target }: World, portal: TestPortal) {
  const person = await target()
  const [owner, other] = [await person.room(), await person.room()]
  const mine = await person.begin(portal, { prompt: 'consent' })
  const thief = mine.visitor
  const first = await mine.begun.finish(await allow(thief, await mine.prove()))
  const unused = await enter(thief, portal)

  const late = await person.begin(portal)
  late.visitor.follows = false
  const address = (await late.prove()).headers.get('location') ?? expect.fail('not proven')
  late.visitor.follows = true

  const computer = await WaitingComputer.at((await portal.begin()).url, issuer)
  await letIn(thief, await scan(thief, await computer.start()), computer)

  const probes: Partial<Record<LiveThing, Probe>> = {
    session: () => isSignedIn(copyOf(thief, issuer, {})),
    other: () => isSignedIn(other),
    own: () => isSignedIn(owner),
    pending: () => pickUp(copyOf(late.visitor, issuer, {}), address),
    qr: async () =>
      (await computer.redeem(copyOf(computer.visitor, issuer, {}))).leads?.searchParams.has('code') === true,
    code: () => succeeds(unused.begun.finish(unused.page)),
    refresh: () => succeeds(refresh(portal, first.refresh_token ?? '')),
    access: () => succeeds(userinfo(portal, first.access_token)),
  }
  return { ...person, owner, probes: probes as Record<LiveThing, Probe> }
}

type Robbed = Awaited<ReturnType<typeof robbed>>

const remove = async (_world: World, { owner, path }: Robbed) => owner.lose(await owner.get(await path()), '/remove')

/** The operator takes a row out of a file of the settings. */
const takeOut =
  (setting: string, change: (content: never) => unknown) =>
  async ({ server }: World) => {
    const file = server.environment[setting] ?? ''
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
    await server.kill('SIGINT')
    writeFileSync(file, JSON.stringify(change(content as never)))
    await server.restart()
  }

const without = (gone: string) => (rows: { id: string }[]) => rows.filter(({ id }) => id !== gone)

const acts: Record<(typeof byOrigin)[Method][number], (world: World, one: Robbed) => Promise<unknown>> = {
  unbound: remove,
  'channel-gone': takeOut('YIDENG_CHANNELS', without('mini')),
  'certificate-unbound': remove,
  // the file has one CA at least
  'ca-gone': takeOut('YIDENG_CERT_CAS', ({ cas: [ca], ...file }: { cas: object[] }) => ({
    ...file,
    cas: [{ ...ca, id: 'another' }],
  })),
  unlinked: remove,
  'upstream-gone': takeOut('YIDENG_UPSTREAMS', without('fs')),
  'token-removed': async (_world, { owner, path }) =>
    owner.lose(await owner.get('/account/otp'), `${await path()}/remove`),
}

it('each login method that a person adds to the account has its rows', () => {
  // password and passkey are in the other file; a QR code, a text and a face are no authenticators of their own
  const here = loginMethods.filter((method) => 'origin' in method || 'byLinks' in method || 'secondFactor' in method)
  expect(Object.keys(byOrigin).toSorted()).toEqual(here.map(({ name }) => name).toSorted())
})

describe.each(Object.keys(byOrigin) as Method[])('a thief who signed in by %s', (method) => {
  let world: World
  let portal: TestPortal
  beforeAll(async () => {
    world = await worlds[method]()
    portal = await registerPortal(world.services, { scope: 'openid profile offline_access' })
  })

  it('has everything before a remedy', async () => {
    const { probes } = await robbed(world, portal)
    expect(await look(probes)).toEqual(Object.keys(probes).toSorted())
  })

  it.each(byOrigin[method])(
    '%s: nothing survives that it should end, nor comes back with an older store',
    async (remedy) => {
      const one = await robbed(world, portal)
      const forget = await remember(world.server)
      await acts[remedy](world, one)
      const goesOn = (Object.keys(one.probes) as LiveThing[])
        .filter((thing) => !(remedies[remedy].ends as readonly LiveThing[]).includes(thing))
        .toSorted()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(await look(one.probes)).toEqual(goesOn)
      await forget()
      await new Promise((resolve) => setTimeout(resolve, 1100))
      expect(await look(one.probes)).toEqual(goesOn)
    },
  )
})
