import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { byChannel, remedies, type LiveThing } from '../../docs/revocation-matrix.ts'
import { startChannelLogin, type Setting } from '../setup/channel-login.ts'
import { remember } from '../setup/forgetting.ts'
import { allow } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { letIn, scan, WaitingComputer } from '../setup/qr.ts'
import { copyOf, enter, isSignedIn, look, pickUp, refresh, succeeds, userinfo, type Probe } from '../setup/thief.ts'

let all: Setting
let portal: TestPortal
beforeAll(async () => {
  all = await startChannelLogin({
    // nothing may expire by its age
    YIDENG_CODE_SECONDS: '600',
    YIDENG_QR_REDEEM_SECONDS: '120',
  })
  portal = await registerPortal(all.services, { scope: 'openid profile offline_access' })
})

/** A person whose WeChat a thief holds and has signed in by. */
async function robbed() {
  const { issuer } = all.server
  const [user, person] = [all.user(), await all.person()]
  await all.bound(user, person)
  const [owner, other] = [await all.roomOf(person), await all.roomOf(person)]
  const mine = await all.begin(portal, { asked: { prompt: 'consent' } })
  const thief = mine.visitor
  const first = await mine.begun.finish(await allow(thief, await all.byMini(mine, user)))
  const unused = await enter(thief, portal)

  const late = await all.begin(portal)
  const ticket = await all.ticketFor(late, user)
  late.visitor.follows = false
  const address = (await all.enter(late, ticket)).headers.get('location') ?? expect.fail('not proven')
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
  return { person, owner, probes: probes as Record<LiveThing, Probe> }
}

type Robbed = Awaited<ReturnType<typeof robbed>>

const acts: Record<(typeof byChannel)[number], (one: Robbed) => Promise<unknown>> = {
  async unbound({ person, owner }) {
    const [binding] = await all.services.authenticators.list(person.id, 'channel')
    return owner.lose(await owner.get(`/account/channel/${binding?.id}`), '/remove')
  },
  async 'channel-gone'() {
    const file = all.server.environment['YIDENG_CHANNELS'] ?? ''
    const rows = JSON.parse(readFileSync(file, 'utf8')) as { id: string }[]
    await all.server.kill('SIGINT')
    writeFileSync(file, JSON.stringify(rows.filter(({ id }) => id !== 'mini')))
    await all.server.restart()
  },
}

const goesOn = (remedy: (typeof byChannel)[number], { probes }: Robbed) =>
  (Object.keys(probes) as LiveThing[])
    .filter((thing) => !(remedies[remedy].ends as readonly LiveThing[]).includes(thing))
    .toSorted()

it('everything is alive before a remedy', async () => {
  const { probes } = await robbed()
  expect(await look(probes)).toEqual(Object.keys(probes).toSorted())
})

it.each(byChannel)('%s: nothing survives that it should end, nor comes back with an older store', async (remedy) => {
  const one = await robbed()
  const forget = await remember(all.server)
  await acts[remedy](one)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(await look(one.probes)).toEqual(goesOn(remedy, one))
  await forget()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  expect(await look(one.probes)).toEqual(goesOn(remedy, one))
})
