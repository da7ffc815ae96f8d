import { decodeJwt } from 'jose'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import type { Services } from '../../src/services.ts'
import { handleOf as handleOfChannel } from '../setup/channel-login.ts'
import { channelRow, channelsFile, startVendors, vendorUser, type Vendors } from '../setup/channel-vendors.ts'
import { runNativePage } from '../setup/native-page.ts'
import { newcomerOf } from '../setup/newcomer.ts'
import { password } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { csrfOf } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

const mini = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.60 miniProgram/wx1234'

let vendors: Vendors
let server: RunningServer
let services: Services
let portal: TestPortal
let gateway: SmsGateway

beforeAll(async () => {
  vendors = await startVendors()
  const rows = [
    channelRow(vendors, 'wechat-mini', { id: 'yss' }),
    channelRow(vendors, 'wechat-mini', { id: 'other', clients: ['nowhere'] }),
    channelRow(vendors, 'alipay-mini'),
  ]
  ;({ server, services, gateway } = await startSmsServer({
    YIDENG_CHANNELS: channelsFile(vendors, rows),
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
    YIDENG_ADDRESS_TRIES: '100000',
  }))
  portal = await registerPortal(services, { scope: 'openid profile phone', consent: 'implicit' })
})
beforeEach(() => vendors.well())

let people = 0
const newPhone = () => `1370003${1000 + (people += 1)}`

const newcomer = ({ phone = newPhone() } = {}) => newcomerOf(services, phone)

type Newcomer = Awaited<ReturnType<typeof newcomer>>

/** A registration whose number is to be proven, in the web view of the mini program. */
async function atPhone({ fields }: { fields: Record<string, string> }, agent = mini) {
  const visitor = new Visitor(server.issuer, { 'user-agent': agent })
  const begun = await portal.begin()
  const path = `${(await visitor.get(begun.url)).url.pathname}/register`
  const page = await visitor.get(path)
  const post = (step: string, form: Record<string, string>) =>
    visitor.post(`${path}${step}`, { csrf: csrfOf(page), ...form })
  return { visitor, begun, path, post, asked: await post('', { step: '1', ...fields }) }
}

const handleOf = (page: Page) => handleOfChannel(page, 'yss')

/** The native page hands its two codes in. */
async function handsIn(body: object, channel = 'yss') {
  const answer = await fetch(`${server.issuer}/api/channel/${channel}/phone`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const said = (await answer.json()) as { ticket?: string; address?: string; expires_in?: number }
  return { status: answer.status, cache: answer.headers.get('cache-control'), ...said }
}

/** The person agrees on the native page. @returns the address for the web view */
async function agrees(page: Page, user: Newcomer['user']): Promise<string> {
  const codes = { code: vendors.phoneCode(user), login: vendors.loginCode(user) }
  const { address } = await handsIn({ ...codes, handle: handleOf(page) })
  return address ?? expect.fail('no ticket')
}

const proofOf = async ({ number, phone }: { number: string; phone: string }) => {
  const { id = '' } = (await services.persons.findByIdentifier(readIdentifier(number))) ?? {}
  return services.phoneProofs.find({ personId: id, phone: `+86${phone}` })
}

describe('registration in a mini program', () => {
  it('takes the number of WeChat in place of a code; the owner’s number is a possession', async () => {
    const person = await newcomer()
    const login = await atPhone(person)
    const codes = { code: vendors.phoneCode(person.user), login: vendors.loginCode(person.user) }
    const {
      status,
      cache,
      address = '',
      expires_in: seconds,
    } = await handsIn({ ...codes, handle: handleOf(login.asked) })
    expect([status, cache, seconds]).toEqual([200, 'no-store', 60])
    const sent = vendors.calls.findLast(({ endpoint }) => endpoint === 'getuserphonenumber')?.sent ?? ''
    expect(JSON.parse(sent.slice(sent.indexOf('{')))).toEqual({ code: codes.code, openid: person.user.openid })
    const next = await login.visitor.get(address)
    expect(next.html).toContain('name="password"')
    await login.post('', { step: '2', password, password_again: password })
    await login.post('', { step: '3', consent: 'yes' })
    const tokens = await login.begun.finish(await login.post('ed', {}))
    expect(decodeJwt(tokens.id_token ?? '')['acr']).toBe('urn:yideng:loa:3')
    expect(await proofOf(person)).toBeDefined()
    const rows = await services.database.selectFrom('phone_proofs').select('how').where('how', '=', 'wechat').execute()
    expect(rows).toHaveLength(1)
  })

  it('works with the native page of the example; a person who does not agree comes back', async () => {
    const person = await newcomer()
    const { visitor, asked } = await atPhone(person)
    const given = { issuer: server.issuer, channel: 'yss', handle: handleOf(asked) }
    const login = () => vendors.loginCode(person.user)
    expect(await runNativePage('phone', { ...given, login: login() })).toBeUndefined()
    const address = await runNativePage('phone', { ...given, login: login() }, vendors.phoneCode(person.user))
    expect((await visitor.get(address ?? '')).html).toContain('name="password"')
  })

  it('is shown in the web view of that mini program alone', async () => {
    const person = await newcomer()
    // the last one is a mini program that the file does not name
    const others = ['Safari/604', 'MicroMessenger/8', 'AlipayClient miniProgram', 'MicroMessenger/8 miniProgram/wx9']
    for (const agent of others) expect((await atPhone(person, agent)).asked.html, agent).not.toContain('data-native')
  })

  it('serves also where no text reaches the number', async () => {
    const fields = (await newcomer()).fields
    const foreign = { ...fields, phone: '+14155550123' }
    const login = await atPhone({ fields: foreign })
    expect(login.asked.html).toContain('data-native')
    expect(login.asked.html).not.toContain('one-time-code')
    expect(gateway.received.some(({ to }) => to === foreign.phone)).toBe(false)
    const user = { ...vendorUser('abroad'), phone: '+14155550123' }
    expect((await login.visitor.get(await agrees(login.asked, user))).html).toContain('name="password"')
    // and without it the registration goes on
    const other = await atPhone({ fields: { ...foreign, phone: '+14155550124' } })
    expect((await other.visitor.submit(other.asked, '/code/without', {})).html).toContain('name="password"')
  })

  it('does not take another number than the one that was typed', async () => {
    const [person, other] = [await newcomer(), await newcomer()]
    const login = await atPhone(person)
    const back = await login.visitor.get(await agrees(login.asked, other.user))
    expect(back.status).toBe(400)
    expect(back.html).toContain('和填写的不同')
    // the country counts too
    const same = { ...person.user, phone: `+852${person.phone}` }
    expect((await login.visitor.get(await agrees(login.asked, same))).html).toContain('和填写的不同')
  })
})

describe('a ticket for a number', () => {
  it('counts in the browser whose page asked: a person who was lured to the native page proves nothing for the thief', async () => {
    const victim = await newcomer()
    const thief = await atPhone(victim)
    const address = await agrees(thief.asked, victim.user)
    // it is on the victim's phone, which has no such registration
    const phone = await atPhone(await newcomer())
    expect((await phone.visitor.get(address)).html).not.toContain('name="password"')
    const own = address.replace(thief.path, phone.path)
    expect((await phone.visitor.get(own)).html).toContain('没有及时带回来')
    // that did not use it up
    expect((await thief.visitor.get(address)).html).toContain('name="password"')
  })

  it('counts once, for 60 seconds, and as it is', async () => {
    const person = await newcomer()
    const login = await atPhone(person)
    const address = await agrees(login.asked, person.user)
    for (const wrong of [`${address}x`, address.replace(/t=.*/, 't='), address.replace(/\?.*/, '')])
      expect((await login.visitor.get(wrong)).html, wrong).toContain('没有及时带回来')
    expect((await login.visitor.get(address)).html).toContain('name="password"')
    const again = await atPhone(person)
    expect((await again.visitor.get(address.replace(login.path, again.path))).html).toContain('没有及时带回来')
    const late = await agrees(again.asked, person.user)
    await server.forward(61_000)
    expect((await again.visitor.get(late)).html).toContain('没有及时带回来')
  })

  it('does not prove a number that is typed afterwards', async () => {
    const [own, victim] = [await newcomer(), await newcomer()]
    const login = await atPhone(own)
    await login.visitor.get(await agrees(login.asked, own.user))
    const asked = await login.post('', { step: '1', ...victim.fields })
    expect(asked.url.pathname).toBe(`${login.path}/code`)
  })
})

describe('the native page gets no ticket', () => {
  async function refused(change: (right: { code: string; login: string; handle: string }) => object, channel?: string) {
    const person = await newcomer()
    const { asked } = await atPhone(person)
    const right = {
      code: vendors.phoneCode(person.user),
      login: vendors.loginCode(person.user),
      handle: handleOf(asked),
    }
    const { status, ticket } = await handsIn(change(right), channel)
    expect(ticket).toBeUndefined()
    return status
  }

  it('without the login code, or for another user’s: WeChat compares whose number it is', async () => {
    expect(await refused(({ code, handle }) => ({ code, handle }))).toBe(400)
    expect(await refused((right) => ({ ...right, login: vendors.loginCode(vendorUser('another')) }))).toBe(400)
  })

  it('for codes that were used', async () => {
    const person = await newcomer()
    const { asked } = await atPhone(person)
    const codes = { code: vendors.phoneCode(person.user), login: vendors.loginCode(person.user) }
    const body = { ...codes, handle: handleOf(asked) }
    expect((await handsIn(body)).status).toBe(200)
    expect((await handsIn(body)).status).toBe(400)
    expect((await handsIn({ ...body, login: vendors.loginCode(person.user) })).status).toBe(400)
  })

  it.each([
    ['another channel', (handle: string) => ({ handle }), 'other', 400],
    ['a channel without numbers', (handle: string) => ({ handle }), 'alipay-mini', 404],
    ['no channel', (handle: string) => ({ handle }), 'nowhere', 404],
    ['a changed handle', (handle: string) => ({ handle: `${handle.slice(0, -4)}AAAA` }), 'yss', 400],
    ['a made-up handle', () => ({ handle: 'a.b' }), 'yss', 400],
  ])('for %s', async (_what, change, channel, status) => {
    expect(await refused((right) => ({ ...right, ...change(right.handle) }), channel)).toBe(status)
  })

  it('for an old handle', async () => {
    const { asked } = await atPhone(await newcomer())
    const handle = handleOf(asked)
    await server.forward(601_000)
    expect((await handsIn({ code: 'c', login: 'l', handle })).status).toBe(400)
  })

  it.each([
    ['jscode2session', 40226, 403],
    ['jscode2session', 'slow', 503],
    ['getuserphonenumber', 'foreign-watermark', 503],
    ['getuserphonenumber', 'huge', 503],
    ['getuserphonenumber', -1, 503],
  ] as const)('where %s answers %s', async (endpoint, fault, status) => {
    vendors.fail(endpoint, fault)
    expect(await refused((right) => right)).toBe(status)
  })

  it('after five codes for one page', async () => {
    const { asked } = await atPhone(await newcomer())
    const handle = handleOf(asked)
    for (let tries = 0; tries < 5; tries += 1)
      expect((await handsIn({ code: 'c', login: `wrong${tries}`, handle })).status).toBe(400)
    expect((await handsIn({ code: 'c', login: 'wrong', handle })).status).toBe(429)
  })
})

describe('the account centre in a mini program', () => {
  async function room(person: { username: string }) {
    const visitor = new Visitor(server.issuer, { 'user-agent': mini })
    const { url } = await visitor.get('/account/phone')
    const form = await visitor.get(`${url.pathname}?way=password`)
    return { visitor, page: await signIn(visitor, form, person.username) }
  }

  it('proves the number on record', async () => {
    const person = await openPerson(services, { phone: newPhone() })
    const { visitor, page } = await room(person)
    const user = { ...vendorUser(person.number), phone: `+86${person.phone}` }
    const done = await visitor.get(await agrees(page, user))
    expect(done.url.search).toBe('?done=proven')
    expect(await proofOf(person)).toBeDefined()
  })

  it('changes it where the old number is proven too', async () => {
    const person = await openPerson(services, { phone: newPhone() })
    const { visitor, page } = await room(person)
    const phone = newPhone()
    const asked = await visitor.get(await agrees(page, { ...vendorUser(phone), phone: `+86${phone}` }))
    expect(asked.url.pathname).toBe('/account/phone/code')
    expect(await proofOf({ number: person.number, phone })).toBeUndefined()
    const { code } = await gateway.textTo(`+86${person.phone}`)
    const done = await visitor.submit(asked, '/account/phone/code', { code })
    expect(done.url.search).toBe('?done=changed')
    expect(await proofOf({ number: person.number, phone })).toBeDefined()
  })

  it('takes no ticket of another session', async () => {
    const person = await openPerson(services, { phone: newPhone() })
    const [one, other] = [await room(person), await room(person)]
    const user = { ...vendorUser(person.number), phone: `+86${person.phone}` }
    const address = await agrees(one.page, user)
    expect((await other.visitor.get(address)).html).toContain('没有及时带回来')
    expect((await one.visitor.get(address)).url.search).toBe('?done=proven')
  })
})
