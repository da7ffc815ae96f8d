import { refreshTokenGrant } from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { choose, eventsOf, newPassword, personWithCodes, proveBy, recoverBy, saidBy } from '../setup/recovery.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const here = () => new Visitor(server.issuer)
const find = async (id: string) => (await services.persons.find(id)) ?? expect.fail()
const signsIn = async (person: { username: string }, password: string) => {
  const visitor = here()
  const page = await signIn(visitor, await visitor.get('/account'), person.username, password)
  return page.url.pathname === '/account'
}

describe('a forgotten password', () => {
  it('is replaced by a code and a known number, and the running login goes on', async () => {
    const person = await personWithCodes(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const begun = await portal.begin()
    const visitor = here()
    const asked = await visitor.get(begun.url)
    const link = /href="(\/recover\?back=[^"]+)"/.exec(asked.html)?.[1] ?? ''
    const fields = { identifier: person.phone, knowledge: person.number, code: person.code(3).toLowerCase() }
    const began = services.clock()
    const code = /href="(\/recover\/code\?back=[^"]+)"/.exec((await visitor.get(link)).html)?.[1]
    const page = await proveBy(visitor, fields, code)
    expect(page.url.pathname).toBe('/recover/new-password')
    expect(page.html).toContain('陈**')
    const done = await choose(visitor, page)
    expect(done.url.pathname).toBe('/recover/done')
    // going back does not repeat the recovery
    expect((await visitor.get('/recover/new-password')).status).toBe(400)
    const back = /<a class="button" href="([^"]+)"/.exec(done.html)?.[1] ?? ''
    expect(back).toBe(asked.url.pathname)
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(back), person.username, newPassword))
    expect(tokens.claims()?.acr).toBe('urn:yideng:loa:2')

    expect(await signsIn(person, person.password)).toBe(false)
    const { heldUntil, identityLevel } = await find(person.id)
    expect(identityLevel).toBe(3)
    expect(heldUntil).toBeGreaterThanOrEqual(began + 86_400_000)
    expect(heldUntil).toBeLessThanOrEqual(services.clock() + 86_400_000)
    expect(await services.recovery.codesLeft(person.id)).toBe(9)
    const notices = await services.inbox.list(person.id, 10)
    const notice = notices.find(({ kind }) => kind === 'account-recovered') ?? expect.fail()
    expect(notice).toMatchObject({ details: { by: 'code' }, restricted: { address: expect.any(String) } })
    expect(notice.createdAt).toBeGreaterThanOrEqual(began)
    expect(await eventsOf(services, person.id)).toContainEqual({
      event: 'person.recovered',
      actor: 'person',
      details: { by: 'code', held: true, passkeys: 0 },
    })
  })

  it('ends every earlier session and token, and holds an account of level 2 as well', async () => {
    const { person, portal, visitor, tokens } = await signedIn(
      services,
      { scope: 'openid offline_access' },
      { prompt: 'consent' },
    )
    const second = await openPerson(services, { level: 2 })
    for (const one of [person, second]) {
      const [code = ''] = await services.recovery.makeCodes(one.id, { actor: 'person' })
      const page = await recoverBy(services, { identifier: one.username, knowledge: one.phone, code })
      expect(page.url.pathname).toBe('/recover/done')
    }
    expect((await find(second.id)).heldUntil).not.toBeNull()
    expect((await visitor.get('/account')).html).toContain('name="password"')
    await expect(refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('ends running logins, and tokens whose session is gone', async () => {
    const person = await personWithCodes(services)
    const portal = await registerPortal(services, { scope: 'openid offline_access' })
    // tokens of an idle session: no list of sessions contains them
    const visitor = here()
    const begun = await portal.begin({ prompt: 'consent' })
    const asked = await signIn(visitor, await visitor.get(begun.url), person.username)
    const tokens = await begun.finish(await allow(visitor, asked))
    const { DatabaseSync } = await import('node:sqlite')
    const artifacts = new DatabaseSync(`${server.dataDir}/artifacts.sqlite`)
    artifacts.exec("DELETE FROM artifacts WHERE kind = 'Session'")
    artifacts.close()
    // the password was right, the browser has not yet gone on
    const thief = here()
    const page = await thief.get('/account')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const fields = { csrf, identifier: person.username, password: person.password }
    const staged = await thief.only('POST', `${page.url.pathname}/password`, fields)
    expect(staged.status).toBe(303)
    // sign-ins are stored to the second
    await server.forward(1050)
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })

    const went = await thief.get(staged.leads ?? '')
    expect(went.html).toContain('name="password"')
    expect((await thief.get('/account')).html).toContain('name="password"')
    await expect(refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('gives one answer for every wrong value, counts a try, and does not spend the code', async () => {
    const person = await personWithCodes(services)
    const other = await personWithCodes(services)
    const locked = await personWithCodes(services)
    await services.persons.setStatus(locked.id, 'locked', { actor: 'administrator:test' })
    const without = await openPerson(services)
    const [code, theirs] = [person.code(0), other.code(0)]
    const said = []
    for (const [what, fields] of Object.entries({
      nobody: { identifier: 'nobody-at-all', knowledge: person.phone, code },
      'a wrong code': { identifier: person.username, knowledge: person.phone, code: '7777-7777-7777-7777' },
      'another person’s code': { identifier: person.username, knowledge: person.phone, code: theirs },
      'wrong knowledge': { identifier: person.username, knowledge: other.phone, code },
      'the same twice': { identifier: person.phone, knowledge: `+86 ${person.phone}`, code },
      'the number twice': { identifier: person.number, knowledge: person.number, code },
      'the username as knowledge': { identifier: person.phone, knowledge: person.username, code },
      'a locked account': { identifier: locked.username, knowledge: locked.phone, code: locked.code(0) },
      'an account without codes': { identifier: without.username, knowledge: without.phone, code },
    })) {
      const visitor = here()
      const page = await proveBy(visitor, fields)
      expect(page.status, what).toBe(400)
      expect(
        visitor.cookies.map(({ name }) => name),
        what,
      ).not.toContain('yideng_recovery')
      expect(page.html, what).not.toContain(fields.code)
      said.push(saidBy(page, fields.identifier))
    }
    expect(new Set(said).size).toBe(1)
    expect(await services.recovery.codesLeft(person.id)).toBe(10)
    const refused = (await eventsOf(services, person.id)).filter(({ event }) => event === 'recovery.refused')
    // one entry an hour; a sum counts the other five
    expect(refused).toHaveLength(1)
    // after six wrong tries under several names even the right values wait, without a hint
    const right = { identifier: person.number, knowledge: person.phone, code: person.code(1) }
    expect((await proveBy(here(), right)).status).toBe(400)
    // the password still signs in: its limit is another one
    expect(await signsIn(person, person.password)).toBe(true)
  })

  it('lets the owner recover in their own browser after the tries of strangers', async () => {
    const person = await personWithCodes(services)
    const own = here()
    await signIn(own, await own.get('/account'), person.username)
    const names = [person.username, person.phone, person.number]
    const knowledge = (identifier: string) => (identifier === person.phone ? person.number : person.phone)
    for (const identifier of names) {
      const wrong = { identifier, knowledge: '13800000000', code: '7777-7777-7777-7777' }
      for (let tries = 0; tries < 6; tries += 1) await proveBy(here(), wrong)
    }
    for (const [index, identifier] of names.entries()) {
      const fields = { identifier, knowledge: knowledge(identifier), code: person.code(index) }
      expect((await proveBy(here(), fields)).status, 'a stranger with the right code').toBe(429)
      expect((await proveBy(own, fields)).url.pathname, identifier).toBe('/recover/new-password')
    }
  })

  it('makes guesses wait, with and without an account, also at the same moment', async () => {
    const person = await personWithCodes(services)
    const said = []
    for (const identifier of [person.username, 'nobody-in-here']) {
      const visitor = here()
      const page = await visitor.get('/recover/code')
      const guesses = await Promise.all(
        Array.from({ length: 20 }, () =>
          visitor.submit(page, '/recover/code', { identifier, knowledge: '13800000000', code: '7777-7777-7777-7777' }),
        ),
      )
      const statuses = guesses.map(({ status }) => status)
      expect(statuses.filter((status) => status === 400)).toHaveLength(6)
      expect(statuses.filter((status) => status === 429)).toHaveLength(14)
      const waiting = guesses.find(({ status }) => status === 429) ?? expect.fail()
      expect(waiting.html).toContain('15')
      said.push(saidBy(waiting, identifier))
    }
    expect(new Set(said).size).toBe(1)
  })

  it('spends a code once: two browsers that both proved it, one new password', async () => {
    const person = await personWithCodes(services)
    const fields = { identifier: person.username, knowledge: person.phone, code: person.code(0) }
    const browsers = [here(), here(), here()]
    const pages = await Promise.all(browsers.map((browser) => proveBy(browser, fields)))
    const passwords = browsers.map((_, index) => `${newPassword}-${index}`)
    const ends = await Promise.all(
      browsers.map((browser, index) => choose(browser, pages[index] ?? expect.fail(), passwords[index])),
    )
    const won = ends.map(({ url }) => url.pathname === '/recover/done')
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(ends.filter(({ status }) => status === 400)).toHaveLength(2)
    expect(await services.recovery.codesLeft(person.id)).toBe(9)
    expect(await Promise.all(passwords.map((password) => signsIn(person, password)))).toEqual(won)
    expect((await proveBy(here(), fields)).status, 'the code again').toBe(400)
  })

  it('refuses a weak password and personal data, and keeps the code until a good one comes', async () => {
    const person = await personWithCodes(services, { name: '慕容雪松' })
    const visitor = here()
    const page = await proveBy(visitor, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    const answers = [
      await choose(visitor, page, 'short'),
      await choose(visitor, page, '我是慕容雪松没错'),
      await choose(visitor, page, newPassword, 'another'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400])
    expect(await services.recovery.codesLeft(person.id)).toBe(10)
    expect((await choose(visitor, page)).url.pathname).toBe('/recover/done')
  })

  it('unlocks the sign-in by password and forgets its wrong tries', async () => {
    const person = await personWithCodes(services)
    await services.methodLocks.lock(person.id, 'password', 'not-me', { actor: 'person' })
    const visitor = here()
    const page = await visitor.get('/account')
    for (let tries = 0; tries < 6; tries += 1) await signIn(visitor, page, person.phone, 'wrong-password-1')
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    const after = await signIn(visitor, await visitor.get('/account'), person.phone, newPassword)
    expect(after.url.pathname).toBe('/account')
  })

  it('is not finished for an account that was locked in between', async () => {
    const person = await personWithCodes(services)
    const visitor = here()
    const page = await proveBy(visitor, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    expect((await choose(visitor, page)).status).toBe(400)
    const pass = await services.recovery.checkCode(person.id, person.code(0))
    expect(
      await services.recovery.recover(pass ?? expect.fail(), passwordAuthenticator('x'), { actor: 'person' }),
    ).toBeUndefined()
    expect(await services.recovery.codesLeft(person.id)).toBe(10)
  })

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/login/../logout',
    '/logout',
    '/login/x?y=//z',
  ])('leads back to a running login and nowhere else: %s', async (back) => {
    const page = await here().get(`/recover/code?back=${encodeURIComponent(back)}`)
    expect([200, 400]).toContain(page.status)
    expect(page.html).not.toMatch(/(href|action|value)="[^"?]*evil/)
    if (page.status === 200) expect(page.html).toMatch(/name="back" value="\/account"/)
  })

  it('names the problem of each field', async () => {
    const visitor = here()
    const page = await proveBy(visitor, { identifier: ' ', knowledge: '', code: '1234' })
    expect(page.status).toBe(400)
    for (const field of ['identifier', 'knowledge', 'code']) expect(page.html).toContain(`id="${field}-problem"`)
    expect((await visitor.get('/recover/done')).status).toBe(400)
    expect((await visitor.get('/recover/new-password')).status).toBe(400)
  })
})

describe('the page of a forgotten password', () => {
  it('says what may be at hand, with the wait before the button, the same in every browser', async () => {
    const page = await here().get('/recover')
    expect(page.status).toBe(200)
    expect(page.html).toMatch(/24 小时内，要求实名的门户暂时进不去/)
    expect(page.html).toContain('href="/recover/code?back=%2Faccount"')
    expect(page.html).toMatch(/href="tel:12345"[\s\S]*窗口/)
    expect(page.html.match(/class="button"/g)).toBeNull()
    const form = await here().get('/recover/code')
    expect(form.html.indexOf('24 小时')).toBeGreaterThan(0)
    expect(form.html.indexOf('24 小时')).toBeLessThan(form.html.indexOf('type="submit"'))
  })

  it('has fingerprint or face first where this browser last signed in by it', async () => {
    const visitor = here()
    visitor.cookies.push({ name: 'yideng_way', value: 'passkey', path: '/' })
    expect((await visitor.get('/recover')).html).toMatch(/<a class="button" href="\/account\/password">/)
  })
})
