import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { commandLine } from '../cli/in-process.ts'
import { openOrganisation } from '../setup/organisation.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { choose, newPassword, personWithCodes, recoverBy } from '../setup/recovery.ts'
import { registered, rivalOf } from '../setup/rival.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { counterSentences, promises, silentLanguages, type Promised } from './counter-sentences.ts'

let server: RunningServer
let services: Services
/** The command line of a clerk, on the stores of the running server. */
let clerk: ReturnType<typeof commandLine>

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})
beforeEach(() => {
  clerk = commandLine({ environment: server.environment })
})

type Person = Awaited<ReturnType<typeof openPerson>>

const find = async ({ id }: { id: string }) => (await services.persons.find(id)) ?? expect.fail()
const nameInRegister = (number: string, nameKey: string) =>
  services.database
    .transaction()
    .execute((t) => services.register.add(t, [{ documentType: 'resident_id', documentNumber: number, nameKey }]))

async function signsIn(identifier: string, secret = password) {
  const visitor = new Visitor(server.issuer)
  const page = await signIn(visitor, await visitor.get('/account'), identifier, secret)
  return page.url.pathname === '/account'
}

/** The level that a new sign-in by password brings to a portal. */
async function levelAtPortal({ username }: Person) {
  const portal = await registerPortal(services, { consent: 'implicit' })
  const begun = await portal.begin()
  const visitor = new Visitor(server.issuer)
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), username))
  return tokens.claims()?.acr
}

/** What the clerk types, for a person who shows a document. A reason is part of each act. */
const walks: Readonly<Record<Exclude<Promised, `nothing: ${string}`>, () => Promise<void>>> = {
  async 'corrects and proves'() {
    const person = await openPerson(services, { name: '王晓明', level: 2 })
    await nameInRegister(person.number, '王小明')
    expect(await levelAtPortal(person)).toBe('urn:yideng:loa:2')
    await clerk.json('person', 'correct', person.number, '--name', '王小明', '--reason', '登记时写错')
    expect(await clerk.json('person', 'prove', person.number)).toMatchObject({ level: 4 })
    expect(await levelAtPortal(person)).toBe('urn:yideng:loa:3')
    expect(services.persons.reveal(await find(person)).name).toBe('王小明')
  },
  async 'proves a person'() {
    const person = await openPerson(services, { level: 2 })
    await registered(services, person)
    expect(await clerk.json('person', 'prove', person.phone)).toMatchObject({ id: person.id, level: 4 })
    expect(await levelAtPortal(person)).toBe('urn:yideng:loa:3')
  },
  async 'decides about a number'() {
    const holder = await openPerson(services)
    const rival = await rivalOf(services, holder)
    // both accounts have the number, so the clerk names one by its username
    expect((await clerk.yideng('person', 'show', holder.number)).code).toBe(2)
    expect(await clerk.json('person', 'prove', rival.username)).toMatchObject({ holder: holder.id })
    expect(await clerk.json('person', 'keep-number', holder.username)).toMatchObject({ ended: 1 })
    const both = ['person', 'prove', rival.username, '--both-present'] as const
    expect(await clerk.json(...both)).toMatchObject({ level: 4, superseded: [holder.id] })
    expect(await levelAtPortal(rival)).toBe('urn:yideng:loa:3')
    expect(await levelAtPortal(holder)).toBe('urn:yideng:loa:2')
  },
  async 'gives a link'() {
    const person = await personWithCodes(services)
    await recoverBy(services, { identifier: person.phone, knowledge: person.number, code: person.code(0) })
    expect((await find(person)).heldUntil).toBeGreaterThan(services.clock())
    const reset = ['person', 'reset-password', person.number, '--counter', '--reason', '忘记密码'] as const
    const { url, expires_at: until } = await clerk.json<{ url: string; expires_at: string }>(...reset)
    expect(Date.parse(until) - services.clock()).toBeLessThanOrEqual(1_800_000)
    const visitor = new Visitor(server.issuer)
    const done = await choose(visitor, await visitor.get(new URL(url).pathname), `${newPassword}-2`)
    expect(done.url.pathname).toBe('/recover/done')
    expect((await find(person)).heldUntil).toBeNull()
    expect(await signsIn(person.username, `${newPassword}-2`)).toBe(true)
    // once
    expect((await new Visitor(server.issuer).get(new URL(url).pathname)).status).toBe(400)
  },
  async 'locks an account'() {
    const person = await openPerson(services)
    expect(await signsIn(person.username)).toBe(true)
    expect(await clerk.json('person', 'lock', person.phone, '--reason', '本人来电')).toMatchObject({ id: person.id })
    expect(await signsIn(person.username)).toBe(false)
    await clerk.json('person', 'unlock', person.phone)
    expect(await signsIn(person.username)).toBe(true)
  },
  async 'records the agreement of a guardian'() {
    const child = await openPerson(services, { number: residentId('44030020180101001') })
    const guardian = await openPerson(services)
    const agree = ['person', 'agree-face', child.number, '--guardian', guardian.number] as const
    expect(await clerk.json(...agree)).toEqual({ id: child.id, guardian: guardian.id })
    expect(await services.faceConsents.of(await find(child))).toBeDefined()
  },
  async 'suspends an organisation'() {
    const { id } = await openOrganisation(services)
    await clerk.json('org', 'suspend', id)
    expect(await clerk.json('org', 'show', id)).toMatchObject({ status: 'suspended' })
  },
  async 'resumes an organisation'() {
    const { id } = await openOrganisation(services)
    await clerk.json('org', 'suspend', id)
    await clerk.json('org', 'resume', id)
    expect(await clerk.json('org', 'show', id)).toMatchObject({ status: 'active' })
  },
  async 'restores a representative'() {
    const { id, representative } = await openOrganisation(services)
    const standing = async () => (await services.principals.view(id))?.affairs.principal.standing
    await clerk.json('person', 'lock', representative.id)
    expect(await standing()).toBe(false)
    await clerk.json('person', 'unlock', representative.id)
    expect(await standing()).toBe(true)
  },
  async 'opens an account'() {
    const number = residentId('44030019770707009')
    const words = ['--name', '周小桐', '--id-number', number, '--phone', '13822223333', '--username', 'atcounter']
    const made = await clerk.yidengWith(`${password}\n`, 'person', 'create', ...words, '--password-stdin', '--json')
    expect(made.code).toBe(0)
    expect(await signsIn('atcounter')).toBe(true)
  },
  async explains() {
    const person = await openPerson(services)
    const whole = await clerk.json('person', 'reveal', person.username, '--reason', '本人要求说明')
    expect(whole).toMatchObject({ document_number: person.number, phone: `+86${person.phone}` })
    expect(await clerk.json<unknown[]>('audit', 'list', '--person', person.id)).not.toEqual([])
  },
  async 'finds a reference number'() {
    const { html } = await new Visitor(server.issuer).get('/no-such-page')
    const [reference = ''] = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(html) ?? []
    // a reason is written after its answer
    await expect
      .poll(() => clerk.yideng('doctor', '--reference', reference))
      .toMatchObject({ code: 0, out: expect.stringContaining('not_found') })
  },
  async 'changes a phone'() {
    const person = await openPerson(services)
    const words = ['--id-number', person.number, '--phone', '13900001234', '--reason', '换号'] as const
    await clerk.json('person', 'correct', ...words)
    expect(await signsIn(person.phone)).toBe(false)
    expect(await signsIn('13900001234')).toBe(true)
  },
  async 'undoes a correction'() {
    const person = await openPerson(services, { name: '林小海', level: 2 })
    const wrong = { name: '林大海', phone: '13900004321', 'id-number': residentId('44030019660606006') }
    const right = { name: '林小海', phone: `+86${person.phone}`, 'id-number': person.number }
    const correct = (field: string, value: string) =>
      clerk.json('person', 'correct', person.id, `--${field}`, value, '--reason', '更正')
    for (const [field, value] of Object.entries(wrong)) await correct(field, value)
    expect(await signsIn(person.phone)).toBe(false)
    // the old values are in the audit log, as an auditor reads them
    const entries = await clerk.json<Entry[]>('audit', 'list', '--person', person.id, '--restricted')
    const before = Object.assign({}, ...entries.map(({ restricted }) => restricted)) as Record<string, string>
    const [, number = ''] = (before['document_before'] ?? '').split(' ')
    expect({ name: before['name_before'], phone: before['phone_before'], 'id-number': number }).toEqual(right)
    for (const [field, value] of Object.entries(right)) await correct(field, value)
    expect(services.persons.reveal(await find(person))).toMatchObject({ name: '林小海', documentNumber: person.number })
    expect(await signsIn(person.phone)).toBe(true)
  },
}

interface Entry {
  restricted?: Record<string, string> | undefined
}

it('each sentence that names a counter has its row, and each row its sentence', () => {
  expect(Object.keys(promises).toSorted()).toEqual(counterSentences.toSorted())
})

it('each sentence that sends people to a counter does so in every language', () => {
  const sending = Object.keys(promises).filter((key) => !promises[key]?.startsWith('nothing'))
  expect(sending.filter((key) => silentLanguages(key).length > 0)).toEqual([])
})

describe('a counter', () => {
  const promised = [...new Set(Object.values(promises))].filter((one) => !one.startsWith('nothing'))

  it('has a walk for each promise, and no other', () => {
    expect(Object.keys(walks).toSorted()).toEqual(promised.toSorted())
  })

  it.each(Object.entries(walks))('%s, as the pages say', (_promise, walk) => walk())
})
