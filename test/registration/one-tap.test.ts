import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import type { Services } from '../../src/services.ts'
import { afterFile } from '../setup/after-file.ts'
import { carrierAccount, startCarrier, type Carrier } from '../setup/carrier.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { csrfOf, openRoom } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let gateway: SmsGateway
let carrier: Carrier

beforeAll(async () => {
  carrier = await startCarrier()
  const directory = mkdtempSync(join(tmpdir(), 'yideng-test-'))
  afterFile(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'phone.json')
  writeFileSync(file, JSON.stringify({ onetap: { ...carrierAccount, endpoint: carrier.endpoint } }))
  ;({ gateway, server, services } = await startSmsServer({
    YIDENG_PHONE_VENDORS: file,
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
  }))
})
beforeEach(() => {
  carrier.state.behaves = 'well'
})

let people = 0
/** A person whom the registers know with their own number. */
async function newcomer() {
  people += 1
  const number = residentId(`4403051988021${6000 + people}`)
  const phone = `1370004${1000 + people}`
  const whose = { documentType: 'resident_id', documentNumber: number }
  await services.database.transaction().execute(async (within) => {
    await services.register.add(within, [{ ...whose, nameKey: '林小梅' }])
    await services.phoneRegister.add(within, [{ ...whose, phone: `+86${phone}` }])
  })
  return {
    number,
    phone,
    fields: { step: '1', name: '林小梅', document_type: 'resident_id', document_number: number, phone },
  }
}

const withToken = ({ kind, token }: { kind: string; token: string }) => ({ carrier_token: token, carrier_kind: kind })
const textsTo = (phone: string) => gateway.received.filter(({ to }) => to === `+86${phone}`)
const howProven = async () =>
  (await services.database.selectFrom('phone_proofs').select(['person_id', 'how']).execute()) as {
    person_id: string
    how: string
  }[]

async function begin() {
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get('/register')
  const post = (form: Record<string, string>) => visitor.post('/register', { csrf: csrfOf(page), ...form })
  return { page, post }
}

describe('registration with the word of the carrier', () => {
  it('proves the number without a text, and with the owner’s register leads to level 3', async () => {
    const { number, phone, fields } = await newcomer()
    const { page, post } = await begin()
    expect(page.html).toContain('name="carrier_token"')
    const next = await post({ ...fields, ...withToken(carrier.token(phone)) })
    expect(next.html).toContain('name="password"')
    await post({ step: '2', password })
    await post({ step: '3', consent: 'yes' })
    const person = (await services.persons.findByIdentifier(readIdentifier(number))) ?? expect.fail()
    expect(person).toMatchObject({ identityLevel: 3, possession: 'phone' })
    expect((await howProven()).find(({ person_id: id }) => id === person.id)?.how).toBe('onetap')
    expect(textsTo(phone)).toEqual([])
  })

  it.each([
    ['another number', async () => carrier.token('13911112222')],
    ['another app', async ({ phone }: { phone: string }) => carrier.token(phone, { app: 'another' })],
    ['no telephone', async () => ({ kind: 'app', token: 'made-up' })],
    [
      'a browser that has used it',
      async ({ phone }: { phone: string }) => {
        const token = carrier.token(phone)
        const other = await newcomer()
        await (await begin()).post({ ...other.fields, ...withToken(token) })
        return token
      },
    ],
  ])('a token of %s proves nothing: a code comes by text', async (_whose, tokenOf) => {
    const person = await newcomer()
    const { post } = await begin()
    const next = await post({ ...person.fields, ...withToken(await tokenOf(person)) })
    expect(next.html).toContain('autocomplete="one-time-code"')
    await gateway.textTo(`+86${person.phone}`)
  })

  it('a vendor that is out of order stops no person', async () => {
    carrier.state.behaves = 'fails'
    const person = await newcomer()
    const { post } = await begin()
    const next = await post({ ...person.fields, ...withToken(carrier.token(person.phone)) })
    expect(next.html).toContain('autocomplete="one-time-code"')
  })

  it('another number typed after the proof is not proven', async () => {
    const person = await newcomer()
    const { post } = await begin()
    await post({ ...person.fields, ...withToken(carrier.token(person.phone)) })
    const other = await newcomer()
    const next = await post({ ...person.fields, phone: other.phone })
    expect(next.html).toContain('autocomplete="one-time-code"')
  })
})

describe('the phone room with the word of the carrier', () => {
  async function opened() {
    const person = await openPerson(services)
    const { visitor } = await openRoom(server.issuer, person)
    const csrf = csrfOf(await visitor.get('/account/phone'))
    const post = (step: string, form: Record<string, string>) =>
      visitor.post(`/account/phone${step}`, { csrf, ...form })
    return { person, post }
  }
  const phoneOf = async (id: string) =>
    services.persons.open((await services.persons.find(id)) ?? expect.fail(), 'phone')

  it('proves the present number at once', async () => {
    const { person, post } = await opened()
    const done = await post('', { phone: person.phone, ...withToken(carrier.token(person.phone)) })
    expect(done.url.search).toBe('?done=proven')
    expect((await howProven()).find(({ person_id: id }) => id === person.id)?.how).toBe('onetap')
    expect(textsTo(person.phone)).toEqual([])
  })

  it('spares the code to a new number, not the one to the old number', async () => {
    const { person, post } = await opened()
    const { phone: to } = await newcomer()
    const old = await post('', { phone: to, ...withToken(carrier.token(to)) })
    expect(old.html).toContain('再验证原来的号码')
    expect(await phoneOf(person.id)).toBe(`+86${person.phone}`)
    const { code } = await gateway.textTo(`+86${person.phone}`)
    expect((await post('/code', { code })).url.search).toBe('?done=changed')
    expect(await phoneOf(person.id)).toBe(`+86${to}`)
    expect(textsTo(to)).toEqual([])
  })
})
