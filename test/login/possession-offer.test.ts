import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { camera, photographed, verify } from '../setup/face.ts'
import { ofOldRule, openPerson, typePassword } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { eventsOf } from '../setup/recovery.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let gateway: SmsGateway
let portal: TestPortal

beforeAll(async () => {
  ;({ gateway, server, services } = await startSmsServer({
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_OLD_PROOFS_UNTIL: '2099-01-01',
  }))
  portal = await registerPortal(services, { consent: 'implicit' })
})

/** A person of the rule before; the source of owners says whose the phone is. */
async function somebody({ owns = true } = {}) {
  const person = await openPerson(services)
  await ofOldRule(services, person.id)
  const document = { documentType: 'resident_id', documentNumber: person.number }
  const owned = { ...document, phone: `+86${person.phone}` }
  await services.database.transaction().execute(async (transaction) => {
    if (owns) await services.phoneRegister.add(transaction, [owned])
  })
  return person
}

async function signIn(person: { username: string }, at = portal) {
  const visitor = new Visitor(server.issuer)
  const begun = await at.begin()
  return { visitor, begun, page: await typePassword(visitor, await visitor.get(begun.url), person.username) }
}

const isOffer = (page: Page) => page.html.includes('/possession"')
const find = async ({ id }: { id: string }) => (await services.persons.find(id)) ?? expect.fail()

describe('a person of level 3 by the rule before', () => {
  it('is asked after signing in, shows it by a code to the phone, and goes on to the portal', async () => {
    const person = await somebody()
    const { visitor, begun, page } = await signIn(person)
    expect(isOffer(page)).toBe(true)
    expect(page.html).toContain('2099')
    const asked = await visitor.submit(page, '/sms/start', {})
    const { code } = await gateway.textTo(`+86${person.phone}`)
    // a wrong code leaves the question open
    const other = code === '000000' ? '000001' : '000000'
    const wrong = await visitor.submit(asked, '/sms/own', { code: other })
    expect(wrong.status).toBe(400)
    expect(await find(person)).toMatchObject({ possession: null })
    await begun.finish(await visitor.submit(wrong, '/sms/own', { code }))
    expect(await find(person)).toMatchObject({ identityLevel: 3, possession: 'phone' })
    expect(isOffer((await signIn(person)).page)).toBe(false)
  })

  it('shows it by the face', async () => {
    const person = await somebody({ owns: false })
    await photographed(services, person)
    const { visitor, begun, page } = await signIn(person)
    await begun.finish(await verify(visitor, await camera(visitor, page)))
    expect(await find(person)).toMatchObject({ identityLevel: 4, possession: 'biometric' })
  })

  it('may leave it for later, and is never asked again, in no browser', async () => {
    const person = await somebody()
    const { visitor, begun, page } = await signIn(person)
    await begun.finish(await visitor.submit(page, '/possession', { decision: 'later' }))
    expect(await find(person)).toMatchObject({ possession: null })
    expect(isOffer((await signIn(person)).page)).toBe(false)
    const asked = (await eventsOf(services, person.id)).filter(({ event }) => event === 'person.possession-asked')
    expect(asked).toHaveLength(1)
  })

  it('shows nothing by a phone that is not known to be theirs, and goes on all the same', async () => {
    const person = await somebody({ owns: false })
    const { visitor, begun, page } = await signIn(person)
    const asked = await visitor.submit(page, '/sms/start', {})
    const { code } = await gateway.textTo(`+86${person.phone}`)
    const refused = await visitor.submit(asked, '/sms/own', { code })
    expect(refused.html).toContain('没有对上')
    expect(await find(person)).toMatchObject({ identityLevel: 3, possession: null })
    const back = await visitor.get(refused.url.pathname.replace(/\/sms\/own$/, ''))
    await begun.finish(await visitor.submit(back, '/possession', { decision: 'later' }))
  })

  it('two logins at once mark it once', async () => {
    const person = await somebody()
    const marks = await Promise.all([1, 2, 3].map(() => services.persons.markPossessionAsked(person.id)))
    expect(marks.filter(Boolean)).toHaveLength(1)
  })
})

it.each([
  ['at level 3 by a possession', (id: string) => ({ id, level: 3, possession: 'counter' as const })],
  ['at level 2', (id: string) => ({ id, level: 2, possession: null })],
])('asks nobody %s', async (_what, facts) => {
  const person = await somebody()
  const { id, level, possession } = facts(person.id)
  const values = { identity_level: level, possession }
  await services.database.updateTable('natural_persons').set(values).where('id', '=', id).execute()
  expect(isOffer((await signIn(person)).page)).toBe(false)
})

it('takes no other answer, and no code where nothing is asked', async () => {
  const person = await somebody()
  const { visitor, page } = await signIn(person)
  expect((await visitor.submit(page, '/possession', { decision: 'prove' })).status).toBe(400)
  const stranger = new Visitor(server.issuer)
  const asked = await stranger.get((await portal.begin()).url)
  const own = /name="csrf" value="([^"]+)"/.exec(asked.html)?.[1] ?? ''
  const paths = ['possession', 'sms/start', 'sms/own', 'face/start']
  for (const path of paths) {
    // the login of another browser, and a login that asks for the password
    const foreign = await stranger.post(`${page.url.pathname}/${path}`, {
      csrf: own,
      decision: 'later',
    })
    expect([path, foreign.status]).toEqual([path, 400])
    const early = await stranger.post(`${asked.url.pathname}/${path}`, { csrf: own, decision: 'later', code: '123456' })
    expect([path, early.status]).toEqual([path, 400])
  }
  expect(await find(person)).toMatchObject({ possession: null })
})
