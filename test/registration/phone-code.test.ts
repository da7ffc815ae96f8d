import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import type { Services } from '../../src/services.ts'
import { password, residentId } from '../setup/people.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { csrfOf } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal
let gateway: SmsGateway

beforeAll(async () => {
  ;({ gateway, server, services } = await startSmsServer({
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
  }))
  portal = await registerPortal(services, { scope: 'openid profile phone', consent: 'implicit' })
})

let people = 0

/** A person whom the population register knows, with a number that is theirs by the register of numbers or not. */
async function newcomer({ owns = true, matches = true } = {}) {
  people += 1
  const number = residentId(`4403051988021${4000 + people}`)
  const phone = `1370002${1000 + people}`
  const whose = { documentType: 'resident_id', documentNumber: number }
  await services.database.transaction().execute(async (within) => {
    if (matches) await services.register.add(within, [{ ...whose, nameKey: '林小梅' }])
    if (owns) await services.phoneRegister.add(within, [{ ...whose, phone: `+86${phone}` }])
  })
  const fields = { name: '林小梅', document_type: 'resident_id', document_number: number, phone }
  return { number, phone, fields, rest: { password, password_again: password, consent: 'yes' } }
}

type Newcomer = Awaited<ReturnType<typeof newcomer>>

async function begin() {
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const path = `${(await visitor.get(begun.url)).url.pathname}/register`
  const page = await visitor.get(path)
  const post = (step: string, form: Record<string, string>, on: Page = page) =>
    visitor.post(`${path}${step}`, { csrf: csrfOf(on), ...form })
  return { visitor, begun, path, post }
}

type Begun = Awaited<ReturnType<typeof begin>>

const codeFor = async (phone: string, since = 0) => (await gateway.textTo(`+86${phone}`, since)).code
const textsTo = (phone: string) => gateway.received.filter(({ to }) => to === `+86${phone}`).length
const personOf = (number: string) => services.persons.findByIdentifier(readIdentifier(number))
const proofOf = async ({ number, phone }: Newcomer) => {
  const { id = '' } = (await personOf(number)) ?? {}
  return services.phoneProofs.find({ personId: id, phone: `+86${phone}` })
}

/** Signs in with the new account, and returns the claims of ID token and userinfo. */
async function finish({ begun, post }: Begun) {
  const end = await post('ed', {})
  const tokens = await begun.finish(end)
  const claims = decodeJwt(tokens.id_token ?? '')
  const answer = await fetch(portal.configuration.serverMetadata().userinfo_endpoint ?? '', {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  return { acr: claims['acr'], userinfo: (await answer.json()) as Record<string, unknown> }
}

async function register(person: Newcomer, begun: Begun) {
  const asked = await begun.post('', { step: '1', ...person.fields })
  expect(asked.html).toContain('autocomplete="one-time-code"')
  expect((await begun.post('/code', { code: await codeFor(person.phone) })).html).toContain('name="password"')
  await begun.post('', { step: '2', password })
  return begun.post('', { step: '3', consent: 'yes' })
}

describe('registration with a code', () => {
  it('proves the phone; with the register’s name and number and the owner’s phone it is level 3', async () => {
    const person = await newcomer()
    const begun = await begin()
    await register(person, begun)
    expect(gateway.received.at(-1)).toMatchObject({ purpose: 'register' })
    const { acr, userinfo } = await finish(begun)
    expect(acr).toBe('urn:yideng:loa:3')
    expect(userinfo).toMatchObject({ phone_number: `+86${person.phone}`, phone_number_verified: true })
  })

  it.each([
    ['the phone is not theirs', { owns: false }],
    ['name and number do not match', { matches: false }],
  ])('is level 2 where %s', async (_what, facts) => {
    const person = await newcomer(facts)
    const begun = await begin()
    await register(person, begun)
    const { acr, userinfo } = await finish(begun)
    expect(acr).toBe('urn:yideng:loa:2')
    expect(userinfo).toMatchObject({ phone_number_verified: true })
  })

  it('answers everything in one form, then the code, then agrees', async () => {
    const person = await newcomer()
    const begun = await begin()
    const asked = await begun.post('', { ...person.fields, ...person.rest })
    expect(asked.url.pathname).toBe(`${begun.path}/code`)
    const next = await begun.post('/code', { code: await codeFor(person.phone) })
    expect(next.html).toContain('name="consent"')
    await begun.post('', { step: '3', consent: 'yes' })
    expect(await proofOf(person)).toBeDefined()
  })

  it('outside a login names the service in the text', async () => {
    const person = await newcomer()
    const visitor = new Visitor(server.issuer)
    const asked = await visitor.submit(await visitor.get('/register'), '/register', person.fields)
    expect(asked.url.pathname).toBe('/register/code')
    expect((await gateway.textTo(`+86${person.phone}`)).text).toContain('一登')
    const next = await visitor.submit(asked, '/register/code', { code: await codeFor(person.phone) })
    expect(next.html).toContain('name="password"')
  })

  it('sends one text for one number, also where its step is answered again', async () => {
    const person = await newcomer()
    const begun = await begin()
    await begun.post('', { step: '1', ...person.fields })
    await begun.post('', { step: '1', ...person.fields })
    await codeFor(person.phone)
    expect(textsTo(person.phone)).toBe(1)
  })
})

describe('the code of a registration', () => {
  it('does not prove a number that is typed afterwards', async () => {
    const [attacker, victim] = [await newcomer({ owns: false }), await newcomer()]
    const begun = await begin()
    await begun.post('', { step: '1', ...attacker.fields })
    await begun.post('/code', { code: await codeFor(attacker.phone) })
    const theirs = { ...victim.fields, step: '3', ...victim.rest }
    const asked = await begun.post('', theirs)
    expect(asked.url.pathname).toBe(`${begun.path}/code`)
    // the own code for the other number
    await begun.post('/code', { code: await codeFor(attacker.phone) })
    await begun.post('/code/without', {})
    await begun.post('', theirs)
    expect(await proofOf(victim)).toBeUndefined()
    expect(await personOf(victim.number)).toMatchObject({ identityLevel: 2 })
  })

  it('serves no other browser and no sign-in', async () => {
    const person = await newcomer()
    const [one, other] = [await begin(), await begin()]
    await one.post('', { step: '1', ...person.fields })
    const code = await codeFor(person.phone)
    await other.post('', { step: '1', ...person.fields })
    expect((await other.post('/code', { code })).html).not.toContain('name="password"')
    const sms = `${one.path.replace('/register', '')}/sms/code`
    expect((await one.visitor.post(sms, { csrf: csrfOf(await one.visitor.get(one.path)), code })).leads).toBeUndefined()
    expect((await one.post('/code', { code })).html).toContain('name="password"')
  })

  it('has five tries; a wrong one keeps the page', async () => {
    const person = await newcomer()
    const begun = await begin()
    await begun.post('', { step: '1', ...person.fields })
    const right = await codeFor(person.phone)
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0')
    for (let tries = 0; tries < 5; tries += 1) {
      const page = await begun.post('/code', { code: wrong })
      expect(page.status).toBe(400)
      expect(page.html).toContain('name="code"')
    }
    expect((await begun.post('/code', { code: right })).status).toBe(400)
  })
})

describe('a person whose text does not come', () => {
  it('goes on without a proof: level 2, and the number is not proven', async () => {
    const person = await newcomer()
    const begun = await begin()
    await begun.post('', { step: '1', ...person.fields })
    expect((await begun.post('/code/without', {})).html).toContain('name="password"')
    await begun.post('', { step: '2', password })
    await begun.post('', { step: '3', consent: 'yes' })
    const { acr, userinfo } = await finish(begun)
    expect(acr).toBe('urn:yideng:loa:2')
    expect(userinfo).toMatchObject({ phone_number_verified: false })
  })

  it('is not asked for a code that no text can bring', async () => {
    const person = await newcomer()
    const begun = await begin()
    const page = await begun.post('', { step: '1', ...person.fields, phone: '61234567', phone_code: '852' })
    expect(page.html).toContain('name="password"')
  })

  it('meets a gateway that fails: the page is the same, and the failure is in the audit log', async () => {
    const person = await newcomer()
    const begun = await begin()
    gateway.state.behaves = 'fails'
    const asked = await begun.post('', { step: '1', ...person.fields })
    expect(asked.html).toContain('name="code"')
    await expect
      .poll(() =>
        services.database.selectFrom('audit_events').select('details').where('event', '=', 'text.not-sent').execute(),
      )
      .not.toEqual([])
    gateway.state.behaves = 'well'
  })
})
