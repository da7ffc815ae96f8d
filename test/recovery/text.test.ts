import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { find } from '../setup/organisation.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { askText, provenPhone } from '../setup/proven-phone.ts'
import { choose, eventsOf, newPassword, personWithCodes, recoverBy, saidBy } from '../setup/recovery.ts'
import type { RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { stopLink } from '../setup/stop.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let gateway: SmsGateway

beforeAll(async () => {
  ;({ gateway, server, services } = await startSmsServer({ YIDENG_ADDRESS_TRIES: '100000' }))
})

const here = () => new Visitor(server.issuer)
type Person = Awaited<ReturnType<typeof openPerson>>

/** A person whose phone was proven this many days ago. */
async function proven(days = 31, overrides: Parameters<typeof openPerson>[1] = {}): Promise<Person> {
  const person = await openPerson(services, overrides)
  await provenPhone(services, person, days)
  return person
}

const textsTo = ({ phone }: { phone: string }) => gateway.received.filter(({ to }) => to === `+86${phone}`)

/** Asks for a code and types the one that came. */
async function byText(person: Person, visitor = here()) {
  const page = await askText(visitor, person)
  const { code } = await gateway.textTo(`+86${person.phone}`)
  return { visitor, page, form: await visitor.submit(page, '/recover/sms/code', { code }), code }
}

describe('a forgotten password, by a text to a proven phone', () => {
  it('sets a new password after it named the wait, and tells the phone how to stop it', async () => {
    const person = await proven()
    const start = await here().get('/recover')
    expect(start.html).toMatch(/href="\/recover\/sms\?back=%2Faccount"[\s\S]*24 小时内，要求实名的门户暂时进不去/)
    const first = await here().get('/recover/sms')
    expect(first.html.indexOf('24 小时')).toBeGreaterThan(0)
    expect(first.html.indexOf('24 小时')).toBeLessThan(first.html.indexOf('type="submit"'))
    const { visitor, form } = await byText(person)
    expect(form.url.pathname).toBe('/recover/new-password')
    const [text] = textsTo(person)
    expect(text).toMatchObject({ purpose: 'recover', code: expect.stringMatching(/^\d{6}$/) })
    expect((await choose(visitor, form)).url.pathname).toBe('/recover/done')
    expect((await find(services, person)).heldUntil).toBeGreaterThan(services.clock())
    expect(await eventsOf(services, person.id)).toContainEqual({
      event: 'person.recovered',
      actor: 'person',
      details: { by: 'phone', held: true, passkeys: 0 },
    })
    const told = await gateway.textTo(`+86${person.phone}`, 1)
    expect(told).toMatchObject({ purpose: 'recover', code: '' })
    const link = /https?:\S+/.exec(told.text ?? '')?.[0] ?? ''
    expect(new URL(link).pathname).toBe(await stopLink(services, person.id))
    const owner = here()
    await owner.submit(await owner.get(link), '/recover/stop', {})
    const page = await signIn(owner, await owner.get('/account'), person.username)
    expect(page.url.pathname).toBe('/account')
    // the phone recovers nothing now, and the page does not show that
    const before = textsTo(person).length
    expect((await askText(here(), person)).html).toContain('name="code"')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(textsTo(person)).toHaveLength(before)
  })

  it('is not used up by a stranger who knows the phone alone', async () => {
    const person = await proven()
    const { number: another } = await proven()
    const guess = (number: string) => askText(here(), { ...person, number })
    // by guesses of the document number, and by sign-ins
    for (let many = 0; many < 8; many += 1) await guess(another)
    expect((await guess(another)).status).toBe(429)
    expect((await byText(person)).form.url.pathname).toBe('/recover/new-password')
  })

  it('tells the proven phone of a recovery by code, too, and no phone that was never proven', async () => {
    const told = await personWithCodes(services)
    await provenPhone(services, told, 1)
    const untold = await personWithCodes(services)
    for (const person of [untold, told])
      await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    expect((await gateway.textTo(`+86${told.phone}`)).text).toContain('/recover/stop/')
    expect(textsTo(untold)).toEqual([])
  })

  it('gives one answer for every number, and sends a text for one account only', async () => {
    const owner = await proven()
    const locked = await proven()
    await services.persons.setStatus(locked.id, 'locked', { actor: 'administrator:test' })
    const gone = await proven()
    await services.database.updateTable('phone_proofs').set({ ended_at: 1 }).where('person_id', '=', gone.id).execute()
    const asked = {
      'the owner': owner,
      'a number of another person': { ...owner, phone: (await proven()).phone },
      'another document': { ...owner, number: (await openPerson(services)).number, phone: '13900139001' },
      'an unknown person': { phone: '13900139002', number: (await openPerson(services)).number },
      'a phone that was never proven': await openPerson(services),
      'proven for 29 days': await proven(29),
      'a number that changed hands': gone,
      'a locked account': locked,
    }
    const said = new Set<string>()
    for (const [what, person] of Object.entries(asked)) {
      const visitor = here()
      const page = await askText(visitor, person)
      const wrong = await visitor.submit(page, '/recover/sms/code', { code: '000000' })
      said.add(JSON.stringify([page.status, wrong.status, saidBy(page, person.phone), saidBy(wrong, person.phone)]))
      expect((await visitor.get('/recover/new-password')).status, what).toBe(400)
    }
    expect([...said].map((one) => one.slice(0, 20))).toHaveLength(1)
    await gateway.textTo(`+86${owner.phone}`)
    const reached = Object.entries(asked).filter(([, person]) => textsTo(person).length > 0)
    expect(reached.map(([what]) => what)).toEqual(['the owner'])
  })

  it('takes a code in its own browser, for its own number, once, with five tries', async () => {
    const [person, other] = [await proven(), await proven()]
    const { code, form, visitor } = await byText(person)
    expect(form.url.pathname).toBe('/recover/new-password')
    const thief = here()
    const asked = await askText(thief, other)
    expect((await thief.submit(asked, '/recover/sms/code', { code })).status, 'another number').toBe(400)
    const swapped = await thief.submit(asked, '/recover/sms/code', { code, phone: person.phone })
    expect(swapped.status, 'another browser').toBe(400)
    expect((await visitor.get('/recover/sms')).status).toBe(200)
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.html)?.[1] ?? ''
    const again = await visitor.post('/recover/sms/code', { csrf, phone: person.phone, code })
    expect(again.status, 'the code again').toBe(400)
    const third = await proven()
    const guessing = here()
    const page = await askText(guessing, third)
    const { code: right } = await gateway.textTo(`+86${third.phone}`)
    const guesses = ['1', '2', '3', '4', '5'].map((one) => (right === one.repeat(6) ? '777777' : one.repeat(6)))
    for (const guess of guesses) await guessing.submit(page, '/recover/sms/code', { code: guess })
    expect((await guessing.submit(page, '/recover/sms/code', { code: right })).status, 'after five tries').toBe(400)
  })

  it('leads to the page for the code also where the form is sent twice', async () => {
    const person = await proven()
    const visitor = here()
    const form = await visitor.get('/recover/sms')
    const fields = { phone: person.phone, document_number: person.number }
    const pages = await Promise.all([1, 2].map(() => visitor.submit(form, '/recover/sms', fields)))
    for (const page of pages) expect(page.html).toContain('name="code"')
    const { code } = await gateway.textTo(`+86${person.phone}`)
    expect(textsTo(person)).toHaveLength(1)
    const [page] = pages
    const next = await visitor.submit(page ?? form, '/recover/sms/code', { code })
    expect(next.url.pathname).toBe('/recover/new-password')
  })

  it('is void once sign-ins were ended in between, and names the problem of each field', async () => {
    const person = await proven()
    const { visitor, form } = await byText(person)
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    await services.persons.setStatus(person.id, 'active', { actor: 'administrator:test' })
    expect((await choose(visitor, form, newPassword)).status).toBe(400)
    const wrong = await askText(here(), { phone: '123', number: ' ' })
    expect(wrong.status).toBe(400)
    for (const field of ['phone', 'document_number']) expect(wrong.html).toContain(`id="${field}-problem"`)
    expect((await askText(here(), { phone: '+44 7400 123456', number: person.number })).status, 'not served').toBe(400)
    const csrf = /name="csrf" value="([^"]+)"/.exec((await here().get('/recover/sms')).html)?.[1] ?? ''
    expect((await here().post('/recover/sms/code', { csrf, phone: person.phone, code: '1' })).status).toBe(403)
  })
})
