import { beforeAll, describe, expect, it } from 'vitest'
import * as oidc from 'openid-client'
import type { Services } from '../../src/services.ts'
import { administrator, typeCode } from '../setup/administrator.ts'
import { addPasskey, signInByPasskey } from '../setup/passkey.ts'
import { password, residentId } from '../setup/people.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { routesOf, type Route } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal
let routes: Route[]

beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  portal = await registerPortal(services, { scope: 'openid profile' })
  routes = routesOf(server).pages.filter(({ path }) => path.startsWith('/login/:attempt'))
  expect(routes.length).toBeGreaterThan(25)
})

const bound = 'yideng_browser'
const idOf = (page: Page) => page.url.pathname.split('/')[2] ?? ''

/** All cookies of another browser, except the one that binds its logins. */
async function thiefOf(victim: Visitor): Promise<Visitor> {
  const thief = new Visitor(server.issuer)
  await thief.get((await portal.begin()).url)
  const own = thief.cookies.filter(({ name }) => name === bound)
  thief.cookies = [...own, ...victim.cookies.filter(({ name }) => name !== bound)]
  return thief
}

const json = { accept: 'application/json' }

const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''

/** Posts the password without following the redirect: the login is proven, but not yet resumed. */
async function prove(visitor: Visitor, page: Page, username: string) {
  const fields = { csrf: csrfOf(page), identifier: username, password }
  const answered = await visitor.only('POST', `${page.url.pathname}/password`, fields)
  expect(answered.status).toBe(303)
  return answered.leads ?? new URL(server.issuer)
}

/** Requests every route under /login/<id> with all values of the owner's page. */
async function expectNothingFor(thief: Visitor, page: Page) {
  for (const { method, path } of routes) {
    const at = path.replace(':attempt', idOf(page)).replaceAll(/:\w+/g, 'x')
    for (const one of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
      const fields = { csrf: csrfOf(page), identifier: 'citizen', password, decision: 'allow' }
      const { status, html, leads } = await thief.only(one, at, one === 'POST' ? fields : undefined, json)
      // the registration of a login that is over goes on without it, with the answers of this browser alone
      if (/\/register(\/|$)/.test(path) && status === 303) {
        expect(leads?.pathname, `${one} ${path}`).toBe('/register')
        continue
      }
      expect({ at, one, status }).toEqual({ at, one, status: 400 })
      if (one !== 'HEAD') expect(JSON.parse(html), `${one} ${path}`).toMatchObject({ error: 'login_expired' })
    }
  }
}

/** The resume by another browser: no session, no code, and a page with the reason. */
async function expectNoResume(thief: Visitor, path: string | URL) {
  for (const method of ['HEAD', 'GET']) {
    const had = new Set(thief.cookies.map(({ name, value }) => `${name}=${value}`))
    const { status, leads, html, headers } = await thief.only(method, path)
    expect({ method, status, leads }).toEqual({ method, status: 400, leads: undefined })
    const got = headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
    expect(got.filter((pair) => pair.includes('yideng_session=') && !had.has(pair))).toEqual([])
    if (method === 'GET') expect(html).toContain('这次登录已经过期')
  }
}

describe('a running login belongs to the browser that began it', () => {
  it('at every route of every question: the other browser gets "expired", the owner goes on', async () => {
    const person = await openPerson(services)
    const victim = new Visitor(server.issuer)
    const begun = await portal.begin()
    const asked = await victim.get(begun.url)
    await expectNothingFor(await thiefOf(victim), asked)
    await expectNoResume(await thiefOf(victim), `/authorize/${idOf(asked)}`)
    const consent = await signIn(victim, asked, person.username)
    expect(consent.html).toContain('name="decision"')
    expect(idOf(consent)).not.toBe(idOf(asked))
    await expectNothingFor(await thiefOf(victim), consent)
    await expectNoResume(await thiefOf(victim), `/authorize/${idOf(consent)}`)
    await begun.finish(await allow(victim, consent))
  })

  it('also while it is proven and not yet resumed', async () => {
    const person = await openPerson(services)
    const victim = new Visitor(server.issuer)
    const asked = await victim.get((await portal.begin()).url)
    const thief = await thiefOf(victim)
    const resume = await prove(victim, asked, person.username)
    expect(resume.pathname).toBe(`/authorize/${idOf(asked)}`)
    await expectNoResume(thief, resume)
    await expectNoResume(new Visitor(server.issuer), resume)
    await expectNothingFor(thief, asked)
    expect((await victim.get(resume)).html).toContain('name="decision"')
  })

  it('where the other browser planted its own secret: the result is bound to the browser that proved', async () => {
    const person = await openPerson(services)
    const thief = new Visitor(server.issuer)
    const asked = await thief.get((await portal.begin()).url)
    const victim = new Visitor(server.issuer)
    victim.cookies = [...thief.cookies]
    const page = await victim.get(asked.url)
    const resume = await prove(victim, page, person.username)
    await expectNoResume(thief, resume)
    expect((await victim.get(resume)).html).toContain('name="decision"')
  })

  it('in the device flow: the question and /device/<id> alike', async () => {
    const admin = await administrator(server, services)
    const config = await oidc.discovery(
      new URL(server.issuer),
      'yideng-cli',
      { id_token_signed_response_alg: 'ES256' },
      oidc.None(),
      { execute: [oidc.allowInsecureRequests] },
    )
    const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
    const confirm = await typeCode(admin.visitor, waiting.user_code)
    const asked = await admin.visitor.submit(confirm, '/device', { confirm: 'yes' })
    expect(asked.url.pathname).toMatch(/^\/login\//)
    const thief = await thiefOf(admin.visitor)
    await expectNothingFor(thief, asked)
    await expectNoResume(thief, `/device/${idOf(asked)}`)
    const done = await signInByPasskey(admin.visitor, asked, admin.authenticator)
    expect({ status: done.status, path: done.url.pathname }).toEqual({ status: 200, path: `/device/${idOf(asked)}` })
  })

  it('in a registration: without a portal only its browser sees the new account', async () => {
    const fields = {
      name: '林小梅',
      document_type: 'resident_id',
      document_number: residentId('44010619880214930'),
      phone: '13700009300',
      username: 'onebrowser',
      password,
      password_again: password,
      consent: 'yes',
    }
    const victim = new Visitor(server.issuer)
    const page = await victim.submit(await victim.get('/register'), '/register', fields)
    expect(page).toMatchObject({ status: 200 })
    expect(page.html).toContain(fields.username)
    expect((await victim.get(page.url)).html).toContain(fields.username)
    const thief = await thiefOf(victim)
    thief.cookies = thief.cookies.filter(({ name }) => name !== 'yideng_registration')
    const { status, html } = await thief.only('GET', page.url, undefined, json)
    expect({ status, said: JSON.parse(html) }).toMatchObject({ status: 400, said: { error: 'login_expired' } })
  })

  it('with several logins at the same time, in any order of their ends', async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const tabs = []
    for (let count = 0; count < 4; count += 1) {
      const begun = await portal.begin()
      tabs.push({ begun, asked: await visitor.get(begun.url) })
    }
    const authenticator = new SoftwareAuthenticator(server.issuer)
    for (const [index, { begun, asked }] of tabs.toReversed().entries()) {
      const signedIn = await signIn(visitor, asked, person.username)
      const page = signedIn.leads ? signedIn : await allow(visitor, signedIn)
      await begun.finish(page)
      if (index === 0) await addPasskey(visitor, authenticator)
    }
  })

  it('and a resume that comes too early changes nothing', async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const asked = await visitor.get(begun.url)
    for (const method of ['HEAD', 'GET']) {
      const early = await visitor.only(method, `/authorize/${idOf(asked)}`)
      expect({ status: early.status, path: early.leads?.pathname }).toEqual({ status: 303, path: asked.url.pathname })
    }
    await begun.finish(await allow(visitor, await signIn(visitor, asked, person.username)))
  })

  it('and no cookie that another host could set opens, moves or ends it', async () => {
    const person = await openPerson(services)
    const thief = new Visitor(server.issuer)
    const theirs = await thief.get((await portal.begin()).url)
    const victim = new Visitor(server.issuer)
    const begun = await portal.begin()
    const asked = await victim.get(begun.url)
    // every cookie name of a login, for this path, sent before the real ones
    for (const name of ['yideng_login', 'yideng_resume', '_interaction', '_interaction_resume']) {
      for (const prefix of ['', '__Secure-']) {
        for (const path of [asked.url.pathname, `/authorize/${idOf(asked)}`])
          victim.cookies.unshift({ name: prefix + name, value: idOf(theirs), path })
      }
    }
    const consent = await signIn(victim, asked, person.username)
    expect(consent.html).toContain('name="decision"')
    await begun.finish(await allow(victim, consent))
    expect((await thief.get(theirs.url)).html).toContain('name="password"')
    // two of one name, possible over http only: both are ignored
    const again = await victim.get((await portal.begin({ prompt: 'login' })).url)
    victim.cookies.unshift({ name: bound, value: 'A'.repeat(43), path: again.url.pathname })
    expect((await victim.get(again.url)).html).toContain('这次登录已经过期')
  })
})
