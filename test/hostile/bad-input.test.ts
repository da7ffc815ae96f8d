import { request } from 'node:http'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { columnMarks, type Tables } from '../../src/storage/schema.ts'
import { password } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, startServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { hostile, megabyte } from './values.ts'

const authorizationParameters = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'code_challenge',
  'code_challenge_method',
  'claims',
  'prompt',
  'max_age',
  'request',
  'request_uri',
  'resource',
  'id_token_hint',
]

interface Attack {
  route: string
  send(value: string): Promise<Page>
  /** Values of the table that are valid here, and their status. */
  fine?: string[]
}

let server: RunningServer
let services: Services
let portal: TestPortal
let attacks: Attack[]

beforeAll(async () => {
  // its own one: portals and sign-ins of other files leave work that changes rows later
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000', YIDENG_ADDRESS_REGISTRATIONS: '100000' })
  services = await server.services()
  portal = await registerPortal(services, { scope: 'openid profile' })
  attacks = await listAttacks()
})

/** What the server writes by itself: refusals, and each minute a checkpoint over them. */
const ownRecords: ReadonlySet<string> = new Set(['audit_events', 'audit_chains', 'audit_roots', 'audit_runs'])

/** All durable rows except these. */
async function fingerprint(): Promise<string> {
  const tables = (Object.keys(columnMarks) as (keyof Tables)[]).filter((table) => !ownRecords.has(table))
  const rows = await Promise.all(tables.map((table) => services.database.selectFrom(table).selectAll().execute()))
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
}

function expectCalm(page: Page, value: string) {
  if (page.leads) {
    expect(page.leads.origin + page.leads.pathname).toBe(portal.redirectUri)
    expect(page.leads.searchParams.get('error')).toBeTypeOf('string')
    expect(page.leads.searchParams.has('code')).toBe(false)
    return
  }
  // every flawed sign-out request gets the offer to sign out
  const offersSignOut = page.url.pathname === '/logout' && page.html.includes('/logout/confirm"')
  if (!offersSignOut) expect(page.status, page.html.slice(0, 500)).toBeGreaterThanOrEqual(400)
  expect(page.status, page.html.slice(0, 500)).toBeLessThan(500)
  for (const trace of [/\n\s+at \S+ \(/, /node_modules/, /file:\/\//, /SQLITE|SqliteError/i, /\.ts:\d+/]) {
    expect(page.html).not.toMatch(trace)
  }
  if (/[<>"]/.test(value)) expect(page.html.includes(value), 'reflected as it came').toBe(false)
  expect(page.headers.get('set-cookie') ?? '').not.toContain('stolen')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
}

/** A running login without a session, and its page. */
async function asked(path = '') {
  const visitor = new Visitor(server.issuer)
  const { url } = await portal.begin()
  const page = await visitor.get(url)
  return { visitor, page: path ? await visitor.get(page.url.pathname + path) : page }
}

async function askedForConsent() {
  const person = await openPerson(services)
  const { visitor, page } = await asked()
  return { visitor, page: await signIn(visitor, page, person.username) }
}

const registration = {
  name: '李四',
  document_type: 'resident_id',
  document_number: '440300199001011239',
  phone: '13900000000',
  username: 'lisi2026',
  password,
  password_again: password,
  consent: 'yes',
}

async function listAttacks(): Promise<Attack[]> {
  const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
  const fresh = () => new Visitor(server.issuer)
  const authorization = async (name: string, value: string) => {
    const { url } = await portal.begin()
    url.searchParams.set(name, value)
    return fresh().get(url)
  }
  const signInForm = await asked()
  const registerForm = await asked('/register')
  const consentForm = await askedForConsent()

  return [
    ...authorizationParameters.map((name) => ({
      route: `/authorize ${name}`,
      send: (value: string) => authorization(name, value),
      // an empty parameter counts as left out (RFC 6749 section 3.1)
      fine: ['empty', ...(name === 'claims' ? ['JSON'] : [])],
    })),
    {
      route: '/authorize/:uid',
      send: (value) => fresh().get(`/authorize/${encodeURIComponent(value.toWellFormed())}`),
    },
    { route: '/login/:attempt', send: (value) => fresh().get(`/login/${encodeURIComponent(value.toWellFormed())}`) },
    { route: '/language to', send: (value) => fresh().get(`/language?${query({ to: value })}`) },
    {
      route: '/language back',
      send: (value) => fresh().get(`/language?${query({ to: 'en', back: value })}`),
    },
    { route: '/elder on', send: (value) => fresh().get(`/elder?${query({ on: value })}`) },
    {
      route: 'a path of its own',
      send: (value) => fresh().get(`/${encodeURIComponent(value.toWellFormed())}`),
      fine: ['empty'],
    },
    { route: '/assets', send: (value) => fresh().get(`/assets/${encodeURIComponent(value.toWellFormed())}`) },
    {
      route: 'sign-in identifier',
      send: (identifier) => signInForm.visitor.submit(signInForm.page, '/password', { identifier, password }),
    },
    {
      route: 'sign-in password',
      send: (secret) =>
        signInForm.visitor.submit(signInForm.page, '/password', { identifier: 'nobody', password: secret }),
    },
    {
      route: 'sign-in csrf',
      send: (csrf) => signInForm.visitor.submit(signInForm.page, '/password', { identifier: 'nobody', password, csrf }),
    },
    ...Object.keys(registration)
      .filter((name) => name !== 'consent')
      .map((name) => ({
        route: `registration ${name}`,
        send: (value: string) =>
          registerForm.visitor.submit(registerForm.page, '/register', { ...registration, [name]: value }),
      })),
    {
      route: 'consent decision',
      send: (decision) => consentForm.visitor.submit(consentForm.page, '/consent', { decision }),
    },
    {
      route: '/logout id_token_hint',
      send: (value) => fresh().get(`/logout?${query({ id_token_hint: value })}`),
      fine: ['empty'],
    },
    {
      route: '/logout client_id',
      send: (value) => fresh().get(`/logout?${query({ client_id: value })}`),
      fine: ['empty'],
    },
    { route: '/logout/confirm xsrf', send: (xsrf) => fresh().post('/logout/confirm', { xsrf, logout: 'yes' }) },
    { route: '/token code', send: (code) => fresh().post('/token', { grant_type: 'authorization_code', code }) },
    { route: '/token grant_type', send: (value) => fresh().post('/token', { grant_type: value }) },
    {
      route: '/token authorization',
      send: (value) =>
        fresh().post(
          '/token',
          { grant_type: 'client_credentials' },
          { authorization: `Basic ${Buffer.from(`${value}:${value}`).toString('base64')}` },
        ),
    },
    { route: '/par', send: (value) => fresh().post('/par', { client_id: value, redirect_uri: value }) },
    { route: '/introspect', send: (token) => fresh().post('/introspect', { token }) },
    { route: '/revoke', send: (token) => fresh().post('/revoke', { token }) },
    {
      route: '/userinfo',
      send: (value) => fresh().post('/userinfo', { access_token: value }),
    },
  ]
}

describe('bad input', () => {
  it('gets a calm 4xx on every route and parameter, and changes nothing', async () => {
    const before = await fingerprint()
    for (const attack of attacks) {
      for (const [kind, value] of hostile) {
        if (attack.fine?.includes(kind)) continue
        const page = await attack.send(value)
        try {
          expectCalm(page, value)
        } catch (error) {
          throw new Error(`${attack.route} with ${kind}: ${(error as Error).message}`, { cause: error })
        }
      }
    }
    expect(await fingerprint()).toBe(before)
    expect(server.output()).not.toContain('"level":50')
  })

  it('of a megabyte gets a refusal on every route', async () => {
    const before = await fingerprint()
    for (const path of ['/register', '/token', '/par', '/introspect', '/revoke', '/logout/confirm', '/userinfo']) {
      const page = await new Visitor(server.issuer).post(path, {
        username: megabyte,
        token: megabyte,
        grant_type: megabyte,
      })
      expectCalm(page, megabyte)
    }
    const { visitor, page } = await asked()
    expectCalm(await visitor.submit(page, '/password', { identifier: megabyte, password }), megabyte)
    const long = await fetch(`${server.issuer}/authorize?client_id=${'a'.repeat(100_000)}`)
    expect(long.status).toBe(431)
    expect(await fingerprint()).toBe(before)
    expect(server.output()).not.toContain('"level":50')
  })

  it.each([
    ['twice the same field', 'application/x-www-form-urlencoded', 'identifier=a&identifier=b'],
    ['JSON', 'application/json', '{"identifier":"a"}'],
    [
      'multipart',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="identifier"\r\n\r\na\r\n--x--',
    ],
    ['broken UTF-8', 'application/x-www-form-urlencoded', Buffer.from([0x69, 0x3d, 0xff, 0xfe])],
    ['broken escapes', 'application/x-www-form-urlencoded', 'identifier=%ff%zz'],
    [
      'too many fields',
      'application/x-www-form-urlencoded',
      Array.from({ length: 200 }, (_, i) => `f${i}=1`).join('&'),
    ],
    ['no type', '', 'identifier=a'],
  ])('as a body of %s is refused', async (_what, type, body) => {
    for (const path of ['/register', '/token', '/logout/confirm']) {
      const answer = await fetch(server.issuer + path, {
        method: 'POST',
        headers: { accept: 'text/html', ...(type ? { 'content-type': type } : {}) },
        body: typeof body === 'string' && !type ? Buffer.from(body) : body,
      })
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(answer.status, path).toBeLessThan(500)
    }
    expect(server.output()).not.toContain('"level":50')
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('as method %s changes nothing', async (method) => {
    const before = await fingerprint()
    for (const path of ['/', '/register', '/login/abc', '/userinfo', '/healthz']) {
      const { status } = await answerTo(method, path)
      expect(status < 500, `${method} ${path} → ${status}`).toBe(true)
      if (method === 'TRACE') expect(status, path).toBeGreaterThanOrEqual(400)
    }
    expect(await fingerprint()).toBe(before)
  })

  it('as a forged Host or forwarded header changes no address of the server', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    }
    const { body: text } = await answerTo('GET', '/.well-known/openid-configuration', headers)
    expect(text).toContain(`"token_endpoint":"${server.issuer}/token"`)
    expect(text).not.toContain('evil.example')
    // a browser at another host name gets a redirect, a program does not
    const led = (accept: string) => answerTo('GET', '/account?a=1', { ...headers, accept })
    expect(await led('text/html')).toMatchObject({ status: 302, location: `${server.issuer}/account?a=1` })
    expect((await led('application/json')).location ?? '').not.toContain('evil.example')
  })
})

/** Sends any method and any Host, which fetch refuses. */
const answerTo = (method: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; location: string | undefined; body: string }>((resolve, reject) => {
    request(server.issuer + path, { method, headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }))
    })
      .on('error', reject)
      .end()
  })
