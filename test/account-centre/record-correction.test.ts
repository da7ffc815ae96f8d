import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { find } from '../setup/organisation.ts'
import { residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registered } from '../setup/rival.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const form = '/account/details/correct'

/** The person signs in and opens the form. */
async function at(person: { username: string }) {
  const visitor = new Visitor(server.issuer)
  const page = await signIn(visitor, await visitor.get(form), person.username)
  return { visitor, page }
}

async function send(person: { username: string }, fields: Record<string, string>) {
  const { visitor, page } = await at(person)
  return { visitor, page: await visitor.submit(page, form, fields) }
}

const put = (number: string, nameKey: string) =>
  services.database
    .transaction()
    .execute((t) => services.register.add(t, [{ documentType: 'resident_id', documentNumber: number, nameKey }]))

const dataOf = async (person: { id: string }) => services.persons.reveal(await find(services, person))

let serials = 0
/** A number that no other test uses. */
const newNumber = () => residentId(`44030019480606${String((serials += 1)).padStart(3, '0')}`)

describe('a person who corrects their own record', () => {
  it('repairs a mistyped name; a match with the register proves the account at once', async () => {
    const person = await openPerson(services, { name: '林晓蓝', level: 2 })
    // the phone was shown to be theirs, but the name did not match
    await services.persons.proof(person.id, { actor: 'test' }, { possession: 'phone' })
    await put(person.number, '林晓岚')
    const { page } = await send(person, { name: '林晓岚' })
    expect(page.url.pathname).toBe('/account/details')
    expect(page.html).toContain('已经改正')
    expect((await dataOf(person)).name).toBe('林晓岚')
    expect((await find(services, person)).identityLevel).toBe(3)
    const notices = await services.inbox.list(person.id, 9)
    expect(notices.find(({ kind }) => kind === 'name-corrected')?.details).toEqual({ source: 'person' })
    const rows = await services.database
      .selectFrom('audit_events')
      .selectAll()
      .where('person_id', '=', person.id)
      .where('event', '=', 'person.corrected')
      .execute()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(/林晓/)
  })

  it('shows no value of the record, and keeps the values whose fields are empty', async () => {
    const person = await openPerson(services, { name: '林晓岚', level: 2 })
    const { page } = await at(person)
    expect(page.html).toContain('现在是 林**')
    expect(page.html).not.toMatch(new RegExp(`林晓岚|${person.number}`))
    const number = newNumber()
    await send(person, { document_type: 'resident_id', document_number: number })
    expect(await dataOf(person)).toMatchObject({ name: '林晓岚', documentNumber: number })
  })

  it('with a real name gets only what the register has; another number signs out everywhere', async () => {
    const person = await openPerson(services, { name: '林晓岚' })
    await registered(services, person)
    const other = new Visitor(server.issuer)
    await signIn(other, await other.get('/account'), person.username)
    const wrong = await send(person, { name: '林小岚' })
    expect([wrong.page.status, wrong.page.html]).toEqual([400, expect.stringContaining('与人口登记对不上')])
    await put(person.number, '林小岚')
    await send(person, { name: '林小岚' })
    expect((await find(services, person)).identityLevel).toBe(3)
    expect((await other.get('/account')).url.pathname).toBe('/account')
    const number = newNumber()
    await put(number, '林小岚')
    const done = await send(person, { document_type: 'resident_id', document_number: number })
    expect(done.page.html).toContain('name="password"')
    expect((await other.get('/account')).url.pathname).not.toBe('/account')
    expect(await find(services, person)).toMatchObject({ identityLevel: 2, possession: null, faceProofedAt: null })
  })

  it('learns nothing about another account: a number that is proven there is no match', async () => {
    const holder = await openPerson(services, { name: '陈大文' })
    await registered(services, holder)
    const proven = await openPerson(services, { name: '陈大文' })
    const free = newNumber()
    const { visitor, page } = await at(proven)
    const [taken, unknown] = await Promise.all(
      [holder.number, free].map((number) =>
        visitor.submit(page, form, { document_type: 'resident_id', document_number: number }),
      ),
    )
    const said = (html: string, number: string) =>
      html.replaceAll(number, 'NUMBER').replaceAll(/nonce="[^"]+"|name="csrf" value="[^"]+"/g, '')
    expect(taken?.status).toBe(400)
    expect(said(taken?.html ?? '', holder.number)).toBe(said(unknown?.html ?? '', free))
    const claims = await openPerson(services, { name: '陈大文', level: 2 })
    await send(claims, { document_type: 'resident_id', document_number: holder.number })
    expect((await find(services, claims)).identityLevel).toBe(2)
    expect((await find(services, holder)).identityLevel).toBe(3)
  })

  it.each([
    ['nothing', {}, '请填写要改的'],
    ['the present name', { name: '陈大文' }, '和现在的不一样'],
    ['a name with digits', { name: '陈2' }, '不能用的字符'],
    ['a wrong check digit', { document_type: 'resident_id', document_number: '440300194806061230' }, '输错了一位'],
  ])('is asked again for %s', async (_what, fields, words) => {
    const person = await openPerson(services, { level: 2 })
    const before = await dataOf(person)
    const { page } = await send(person, fields)
    expect([page.status, page.html]).toEqual([400, expect.stringContaining(words)])
    expect(await dataOf(person)).toEqual(before)
  })

  it('has ten tries a day, so that the register cannot be searched', async () => {
    const person = await openPerson(services, { level: 2 })
    const { visitor, page } = await at(person)
    const names = Array.from('赵钱孙李周吴郑王冯陈褚卫')
    const answers: number[] = []
    for (const name of names) answers.push((await visitor.submit(page, form, { name: `${name}大文` })).status)
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429])
    expect((await find(services, person)).identityLevel).toBe(2)
  })

  it('needs a fresh sign-in, and no relayed one', async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    expect((await visitor.get(form)).html).toContain('name="password"')
    const { page } = await at(person)
    expect(page.url.pathname).toBe(form)
  })
})
