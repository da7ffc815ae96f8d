import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson } from '../setup/person.ts'
import { csrfOf, openRoom } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import type { Page, Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let gateway: SmsGateway

beforeAll(async () => {
  ;({ gateway, server, services } = await startSmsServer({
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_ADDRESS_TRIES: '100000',
  }))
})

let numbers = 0
const freshNumber = () => `1390003${1000 + (numbers += 1)}`
const textsTo = (phone: string) => gateway.received.filter(({ to }) => to === `+86${phone}`)
const codeFor = async (phone: string, since = 0) => (await gateway.textTo(`+86${phone}`, since)).code

async function opened() {
  const person = await openPerson(services)
  const { visitor } = await openRoom(server.issuer, person)
  const post = async (step: string, fields: Record<string, string>) =>
    visitor.post(`/account/phone${step}`, { csrf: csrfOf(await visitor.get('/account/phone')), ...fields })
  return { person, visitor, post }
}

const phoneOf = async (id: string) => {
  const person = (await services.persons.find(id)) ?? expect.fail()
  return services.persons.open(person, 'phone')
}
const isProven = async (personId: string, phone: string) =>
  (await services.phoneProofs.find({ personId, phone: `+86${phone}` })) !== undefined

describe('the telephone number of an account', () => {
  it('shows once that the person is the one, where the number is known to be theirs', async () => {
    const { person, visitor, post } = await opened()
    const { id, number, phone } = person
    // level 3 by the rule before, which asked for no possession
    await services.database.updateTable('natural_persons').set({ possession: null }).where('id', '=', id).execute()
    expect((await visitor.get('/account')).html).toContain('证明一次是您本人')
    const document = { documentType: 'resident_id', documentNumber: number }
    await services.database.transaction().execute(async (transaction) => {
      await services.register.add(transaction, [{ ...document, nameKey: '陈大文' }])
      await services.phoneRegister.add(transaction, [{ ...document, phone: `+86${phone}` }])
    })
    await post('', { phone })
    expect((await post('/code', { code: await codeFor(phone) })).url.search).toBe('?done=proven')
    expect(await services.persons.find(id)).toMatchObject({ identityLevel: 3, possession: 'phone' })
    expect((await visitor.get('/account')).html).not.toContain('证明一次是您本人')
  })

  it('changes by a code to the new one and a code to the old one; the old one is told, recovery waits a day', async () => {
    const { person, post } = await opened()
    const to = freshNumber()
    await post('', { phone: to })
    const old = await post('/code', { code: await codeFor(to) })
    expect(old.html).toContain('再验证原来的号码')
    expect(await phoneOf(person.id)).toBe(`+86${person.phone}`)
    const done = await post('/code', { code: await codeFor(person.phone) })
    expect(done.html).toContain('手机号换好了')
    expect(await phoneOf(person.id)).toBe(`+86${to}`)
    expect(await isProven(person.id, to)).toBe(true)
    const told = await gateway.textTo(`+86${person.phone}`, 1)
    expect(told).toMatchObject({ purpose: 'bind', code: '' })
    expect(told.text).toContain('换了手机号')
    expect((await services.inbox.list(person.id, 5)).map(({ kind }) => kind)).toContain('phone-changed')
    const { recovery_held_until: until } = ((await services.persons.find(person.id)) ?? expect.fail()).row
    expect(Number(until) - services.clock()).toBeGreaterThan(86_000_000)
  })

  it('is proven where the present number is typed: one code, no change', async () => {
    const { person, post } = await opened()
    await post('', { phone: person.phone })
    const done = await post('/code', { code: await codeFor(person.phone) })
    expect(done.html).toContain('手机号验证好了')
    expect(await isProven(person.id, person.phone)).toBe(true)
    expect(((await services.persons.find(person.id)) ?? expect.fail()).row.recovery_held_until).toBeNull()
  })
})

describe('a stranger with the password', () => {
  const attempts: [
    string,
    (post: (step: string, fields: Record<string, string>) => Promise<Page>, own: string) => Promise<unknown>,
  ][] = [
    ['a code to the own number alone', async (post, own) => post('/code', { code: await codeFor(own) })],
    [
      'the same code twice',
      async (post, own) => {
        await post('/code', { code: await codeFor(own) })
        await post('/code', { code: await codeFor(own) })
      },
    ],
    [
      'a level that the session does not have',
      async (post, own) => {
        await post('/code', { code: await codeFor(own) })
        await post('/level', {})
      },
    ],
    [
      'another number after the code',
      async (post, own) => {
        const code = await codeFor(own)
        await post('', { phone: freshNumber() })
        await post('/code', { code })
      },
    ],
  ]
  it.each(attempts)('does not change the number by %s', async (_what, attempt) => {
    const { person, post } = await opened()
    const own = freshNumber()
    await post('', { phone: own })
    await attempt(post, own)
    expect(await phoneOf(person.id)).toBe(`+86${person.phone}`)
    expect(await isProven(person.id, own)).toBe(false)
  })

  it('cannot use a code of another session of the same person', async () => {
    const { person, post } = await opened()
    const second = await openRoom(server.issuer, person)
    const to = freshNumber()
    await post('', { phone: to })
    const code = await codeFor(to)
    const typeIn = (visitor: Visitor, csrf: string) => visitor.post('/account/phone/code', { csrf, code })
    await second.visitor.post('/account/phone', { csrf: second.csrf, phone: to })
    expect((await typeIn(second.visitor, second.csrf)).html).not.toContain('再验证原来的号码')
    expect(textsTo(to).length).toBeGreaterThan(0)
  })
})
