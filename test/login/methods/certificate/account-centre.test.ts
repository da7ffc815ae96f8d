import { beforeAll, describe, expect, it } from 'vitest'
import { startCertificateLogin, type CertificateSetting } from '../../../setup/certificate-login.ts'
import { mandate, openOrganisation } from '../../../setup/organisation.ts'
import { signIn, typePassword } from '../../../setup/person.ts'
import { csrfOf, eventsOf } from '../../../setup/room.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let all: CertificateSetting
beforeAll(async () => {
  all = await startCertificateLogin()
})

const noticesOf = async (personId: string) =>
  (await all.services.inbox.list(personId, 50, 0)).map(({ kind, details }) => [kind, details['method']])

const listOf = (personId: string) => all.services.authenticators.list(personId, 'certificate')

/** A person with a bound certificate, and a browser that signed in by it alone. */
async function signedIn() {
  const person = await all.person()
  const one = await all.ofPerson(person)
  await all.bound(one, person)
  const mine = await all.begin()
  await mine.begun.finish(await all.signWith(mine, one))
  return { person, one, visitor: mine.visitor }
}

async function pathOf(visitor: Visitor): Promise<string> {
  const { html } = await visitor.get('/account/certificate')
  return /href="(\/account\/certificate\/[0-9a-f-]{36})"/.exec(html)?.[1] ?? ''
}

describe('the account centre', () => {
  it('lists a certificate, removes it, and ends the sessions that it began', async () => {
    const { person, one, visitor } = await signedIn()
    const room = await all.roomOf(person)
    const list = await room.get('/account/certificate')
    expect(list.html).toContain('粤信签')
    expect(list.html).toContain('陈大文')
    const page = await room.get(await pathOf(room))
    expect(page.html).toContain(one.serial.replace(/^0+/, ''))
    const removed = await room.lose(page, '/remove')
    expect(removed.url.href).toContain('/account/certificate?done=removed')
    expect((await visitor.get('/account')).url.pathname).not.toBe('/account')
    expect((await room.get('/account')).url.pathname).toBe('/account')
    expect(await noticesOf(person.id)).toEqual(
      expect.arrayContaining([
        ['authenticator-added', 'certificate'],
        ['authenticator-removed', 'certificate'],
      ]),
    )
    expect(await eventsOf(all.services, person.id, 'certificate.unbound')).toHaveLength(1)
    expect((await all.signWith(await all.begin(), one)).html).toContain('证书已经验证')
  })

  it('keeps neither name nor number of a certificate in clear text', async () => {
    const { person } = await signedIn()
    const [row] = await listOf(person.id)
    expect(row?.data).toContain('"ca":"gd"')
    for (const text of ['陈大文', person.number]) expect(JSON.stringify(row)).not.toContain(text)
  })

  it('adds one by a sign-in in which the certificate signs, and by another way', async () => {
    const person = await all.person()
    const one = await all.ofPerson(person)
    const visitor = new Visitor(all.server.issuer)
    const shown = await visitor.get('/account/certificate')
    const inside = await signIn(visitor, await visitor.get(`${shown.url.pathname}?way=password`), person.username)
    const begun = await visitor.submit(inside, '/certificate/add', {})
    const path = begun.url.pathname
    const page = await visitor.get(`${path}?way=certificate`)
    const login = { visitor, path, page, begun: await all.portal.begin() }
    const question = await typePassword(visitor, await all.signWith(login, one), person.username)
    const end = await visitor.submit(question, '/certificate/answer', { decision: 'bind' })
    expect(end.url.pathname).toBe('/account/certificate')
    expect(await listOf(person.id)).toHaveLength(1)
  })

  it('never removes the last way in', async () => {
    const { person } = await signedIn()
    const room = await all.roomOf(person)
    const path = await pathOf(room)
    await all.services.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' })
    const csrf = csrfOf(await room.get('/account/organisations'))
    expect((await room.post(`${path}/remove`, { csrf })).status).toBe(409)
    expect(await listOf(person.id)).toHaveLength(1)
    expect((await room.get(path)).html).toContain('唯一的登录方式')
  })

  it('knows no certificate of another person', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    const [mine, theirs] = [await all.roomOf(one.person), await all.roomOf(other.person)]
    const path = await pathOf(theirs)
    expect((await mine.get(path)).status).toBe(404)
    const csrf = csrfOf(await mine.get('/account/organisations'))
    for (const act of ['remove', 'mine']) expect((await mine.post(`${path}/${act}`, { csrf })).status).toBe(404)
    expect(await listOf(other.person.id)).toHaveLength(1)
  })

  it('holds one that a recovery held, until its owner releases it', async () => {
    const { person, one } = await signedIn()
    const [row] = await listOf(person.id)
    const { authenticators, database, clock } = all.services
    expect(row && (await authenticators.hold(row, clock(), database))).toBe(true)
    const refused = await all.signWith(await all.begin(), one)
    expect(refused.html).toContain('这个绑定在找回账户时已经暂停')
    expect(refused.status).toBe(403)
    const room = await all.roomOf(person)
    const released = await room.submit(await room.get(await pathOf(room)), '/mine', {})
    expect(released.html).toContain('又可以用来登录了')
    const again = await all.begin()
    await expect(again.begun.finish(await all.signWith(again, one))).resolves.toHaveProperty('id_token')
    expect(await eventsOf(all.services, person.id, 'certificate.released')).toHaveLength(1)
  })
})

describe('the binding is asked for', () => {
  const asks = (page: Page) => page.html.includes('value="bind"')

  async function asked(person: { id: string; username: string; number: string }, values: Record<string, unknown>) {
    await all.services.database.updateTable('natural_persons').set(values).where('id', '=', person.id).execute()
    const login = await all.begin()
    return asks(
      await typePassword(login.visitor, await all.signWith(login, await all.ofPerson(person)), person.username),
    )
  }

  it('of no account of level 2, on hold, or that its owner closes', async () => {
    expect(await asked(await all.person(), { identity_level: 2 })).toBe(false)
    expect(await asked(await all.person(), { held_until: all.services.clock() + 3_600_000 })).toBe(false)
    expect(await asked(await all.person(), { held_until: null })).toBe(true)
    const closing = await all.person()
    await all.services.closing.ask(closing.id, { actor: 'person' })
    expect(await asked(closing, { held_until: null })).toBe(false)
  })

  it('with a decision, and for the certificate that the page showed', async () => {
    const person = await all.person()
    const login = await all.begin()
    const note = await all.signWith(login, await all.ofPerson(person))
    const question = await typePassword(login.visitor, note, person.username)
    const path = `${question.url.pathname}/certificate/answer`
    expect((await login.visitor.post(path, { csrf: csrfOf(question), decision: 'other' })).status).toBe(400)
    const other = await login.visitor.post(path, { csrf: csrfOf(question), decision: 'bind', proof: 'other' })
    expect(other.leads).toBeDefined()
    expect(await listOf(person.id)).toHaveLength(0)
  })

  it('of two people who act for one legal person: one gets it, and no notice tells the other', async () => {
    const organisation = await openOrganisation(all.services)
    const people = [await all.person(), await all.person()]
    for (const person of people) await mandate(all.services, organisation.id, organisation.representative, person)
    const one = await all.ofOrganisation(organisation)
    const questions = await Promise.all(
      people.map(async (person) => {
        const login = await all.begin()
        return { login, page: await typePassword(login.visitor, await all.signWith(login, one), person.username) }
      }),
    )
    expect(questions.map(({ page }) => page.html.includes('这是单位的证书'))).toEqual([true, true])
    const answers = await Promise.all(
      questions.map(({ login, page }) => login.visitor.submit(page, '/certificate/answer', { decision: 'bind' })),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409])
    const rows = await Promise.all(people.map(({ id }) => listOf(id)))
    expect(rows.flat()).toHaveLength(1)
    const loser = people[answers.findIndex(({ status }) => status === 409)]
    const told = (await noticesOf(loser?.id ?? '')).filter(([, method]) => method === 'certificate')
    expect(told).toEqual([])
    expect(await eventsOf(all.services, loser?.id ?? '', 'certificate.bind-refused')).toHaveLength(1)
  })
})

it('a CA that is taken out of the file ends the sessions that its certificates began, and no others', async () => {
  const { person, one, visitor } = await signedIn()
  const room = await all.roomOf(person)
  const isIn = async (browser: Visitor) => (await browser.get('/account')).url.pathname === '/account'
  expect([await isIn(visitor), await isIn(room)]).toEqual([true, true])
  all.writeFile({ cas: [{ ...all.row, id: 'other' }] })
  await expect.poll(() => isIn(visitor), { timeout: 30_000, interval: 500 }).toBe(false)
  expect(await isIn(room)).toBe(true)
  // the same CA under another id: the binding has the one before
  await all.server.forward(6000)
  const under = await all.begin()
  await under.begun.finish(await all.signWith(under, one))
  expect(await isIn(under.visitor)).toBe(true)
  all.writeFile({ cas: [all.row] })
  await expect.poll(() => isIn(under.visitor), { timeout: 30_000, interval: 500 }).toBe(false)
  expect(await isIn(room)).toBe(true)
})
