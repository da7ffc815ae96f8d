import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { suiteNames } from '../../../../src/login/methods/otp/suites.ts'
import type { Services } from '../../../../src/services.ts'
import { giveToken, typeCode, wrongCode } from '../../../setup/otp.ts'
import { addPasskey, signInByPasskey } from '../../../setup/passkey.ts'
import { openPerson, signIn, typePassword } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { newPassword, personWithCodes, recoverBy } from '../../../setup/recovery.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal

beforeAll(async () => {
  // two processes share every step that is used
  server = await startServer({ YIDENG_WORKERS: '2', YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
})

const at = (page: Page) => page.url.pathname.replace(/^(\/login)\/[\w-]+/, '$1')

/** A browser after the right password. */
async function afterPassword(person: { username: string }, parameters: Record<string, string> = {}) {
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin(parameters)
  const page = await typePassword(visitor, await visitor.get(begun.url), person.username)
  return { visitor, begun, page }
}

describe.each(suiteNames)('a person with a token by %s', (suite) => {
  it('signs in by password and code: two factors, level 3', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id, suite)
    const { visitor, begun, page } = await afterPassword(person)
    expect(at(page)).toBe('/login/otp')
    expect(page.html).not.toContain(person.username)
    const tokens = await begun.finish(await typeCode(visitor, page, token.code()))
    const claims = decodeJwt(tokens.id_token ?? '')
    expect([claims['amr'], claims['acr']]).toEqual([['pwd', 'otp', 'mfa'], 'urn:yideng:loa:3'])
  })

  it('has no session before the code', async () => {
    const person = await openPerson(services)
    await giveToken(services, person.id, suite)
    const { visitor, page } = await afterPassword(person)
    expect(at(page)).toBe('/login/otp')
    expect(at(await visitor.get('/account'))).toBe('/login')
    const silent = await visitor.get((await portal.begin({ prompt: 'none' })).url)
    expect(silent.leads?.searchParams.get('error')).toBe('login_required')
    expect(
      await services.database.selectFrom('devices').select('person_id').where('person_id', '=', person.id).execute(),
    ).toEqual([])
  })
})

describe('a code', () => {
  it('is taken once, by one of six browsers at once and by none later', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id)
    const waiting = await Promise.all(Array.from({ length: 6 }, () => afterPassword(person)))
    const code = token.code()
    const answers = await Promise.all(waiting.map(({ visitor, page }) => typeCode(visitor, page, code)))
    expect(answers.filter(({ leads }) => leads?.searchParams.has('code'))).toHaveLength(1)
  })

  it('sent twice by one browser leads one way', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id)
    const { visitor, begun, page } = await afterPassword(person)
    const code = token.code()
    const twice = await Promise.all([typeCode(visitor, page, code), typeCode(visitor, page, code)])
    const led = twice.find(({ leads }) => leads?.searchParams.has('code'))
    if (!led) throw new Error(`neither leads to the portal: ${twice.map(({ status }) => status).join()}`)
    expect(twice.map(({ status }) => status).every((status) => status < 400)).toBe(true)
    expect((await begun.finish(led)).id_token).toBeDefined()
  })

  it('is not taken a second time, and the next one is', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id)
    const code = token.code()
    const first = await afterPassword(person)
    expect((await typeCode(first.visitor, first.page, code)).leads).toBeDefined()
    const second = await afterPassword(person)
    const refused = await typeCode(second.visitor, second.page, code)
    expect([refused.status, refused.leads]).toEqual([400, undefined])
    expect((await typeCode(second.visitor, refused, token.code(1))).leads).toBeDefined()
  })

  it('of another person, a wrong one and an empty one are refused', async () => {
    const [person, other] = [await openPerson(services), await openPerson(services)]
    const token = await giveToken(services, person.id)
    const theirs = await giveToken(services, other.id)
    const { visitor, page } = await afterPassword(person)
    for (const code of [wrongCode(token), '', ...(token.code() === theirs.code() ? [] : [theirs.code()])]) {
      const refused = await typeCode(visitor, page, code)
      expect([refused.status, at(refused)]).toEqual([400, '/login/otp'])
    }
  })

  it('is of no use in another browser, or before a password', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id)
    const { page } = await afterPassword(person)
    const stranger = new Visitor(server.issuer)
    expect((await stranger.get(page.url)).status).toBe(400)
    const own = new Visitor(server.issuer)
    const start = await own.get((await portal.begin()).url)
    const led = await own.get(`${start.url.pathname}/otp`)
    expect(at(led)).toBe('/login')
    const csrf = /name="csrf" value="([^"]+)"/.exec(start.html)?.[1] ?? ''
    expect(at(await own.post(`${start.url.pathname}/otp`, { csrf, code: token.code() }))).toBe('/login')
  })

  it('does not finish a sign-in whose password was changed in between', async () => {
    const person = await openPerson(services)
    const token = await giveToken(services, person.id)
    const { visitor, page } = await afterPassword(person)
    await services.database.transaction().execute((within) => services.endSignIns(within, person.id, { but: [] }))
    const refused = await typeCode(visitor, page, token.code())
    expect([refused.leads, at(refused)]).toEqual([undefined, '/login/otp'])
    expect(refused.html).toContain('name="password"')
    expect(refused.html).toContain('这次没有登录成功')
  })
})

describe('a person with a token', () => {
  it('is not asked for it after a passkey', async () => {
    const person = await openPerson(services)
    const authenticator = new SoftwareAuthenticator(server.issuer)
    const phone = new Visitor(server.issuer)
    await signIn(phone, await phone.get('/account'), person.username)
    await addPasskey(phone, authenticator)
    await giveToken(services, person.id)
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await portal.begin()).url)
    expect((await signInByPasskey(visitor, page, authenticator)).leads?.searchParams.has('code')).toBe(true)
  })

  it('gets in without it after a recovery, at level 2 and on hold, until the owner uses it again', async () => {
    const person = await personWithCodes(services)
    const token = await giveToken(services, person.id)
    await recoverBy(services, { identifier: person.username, knowledge: person.number, code: person.code(0) })
    const visitor = new Visitor(server.issuer)
    const page = await signIn(visitor, await visitor.get('/account/otp'), person.username, newPassword)
    expect(page.url.pathname).toBe('/account/otp')
    expect(page.html).toContain('已暂停')
    expect(page.html).not.toContain('/mine"')
    const held = await services.authenticators.list(person.id, 'otp')
    expect(held.map(({ heldAt }) => typeof heldAt)).toEqual(['number'])
    // it goes neither away nor into use again while the account is on hold
    expect((await visitor.get(`/account/otp/${held[0]?.id}/remove`)).status).toBe(403)
    await server.forward(25 * 3_600_000)
    const thief = new Visitor(server.issuer)
    expect((await signIn(thief, await thief.get('/account'), person.username, newPassword)).url.pathname).toBe(
      '/account',
    )
    const later = new Visitor(server.issuer)
    const room = await signIn(later, await later.get('/account/otp'), person.username, newPassword)
    const released = await later.submit(room, '/mine', {})
    expect(released.url.search).toBe('?done=released')
    // sign-ins by password alone do not outlive it
    expect(at(await thief.get('/account'))).toBe('/login')
    expect(at(await later.get('/account'))).toBe('/account')
    const next = new Visitor(server.issuer)
    const asked = await typePassword(next, await next.get('/account'), person.username, newPassword)
    expect(at(asked)).toBe('/login/otp')
    expect((await typeCode(next, asked, token.code())).url.pathname).toBe('/account')
  })
})
