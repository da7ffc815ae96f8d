import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as oidc from 'openid-client'
import { expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { sendingTo, startCollector } from '../setup/collector.ts'
import { password, residentId } from '../setup/people.ts'
import { allow, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

/** A visitor that keeps every page it got. */
class Remembering extends Visitor {
  readonly pages: Page[] = []
  readonly cookiesSeen = new Map<string, string>()

  override async get(url: string | URL): Promise<Page> {
    return this.#keep(await super.get(url))
  }

  override async post(...given: Parameters<Visitor['post']>): Promise<Page> {
    return this.#keep(await super.post(...given))
  }

  #keep(page: Page): Page {
    this.pages.push(page)
    for (const { name, value } of this.cookies) if (value.length > 15) this.cookiesSeen.set(value, name)
    return page
  }
}

const person = {
  name: '欧阳探针',
  document_number: residentId('44030019760317012'),
  phone: '13912345678',
  username: 'canary76317',
}

it('no log, metric, trace, address, error page or store file has personal data, secrets, tokens or cookies', async () => {
  const collector = await startCollector()
  const server = await startServer({ YIDENG_LOG_LEVEL: 'trace', ...sendingTo(collector) })
  const services = await server.services()
  let secret = ''
  const portal = await registerPortal(
    services,
    { scope: 'openid profile phone identity offline_access', uri: 'https://portal.example.gov.cn/' },
    (given) => oidc.ClientSecretBasic((secret = given)),
  )
  const visitor = new Remembering(server.issuer)

  // a registration with one mistake, a wrong password, then a sign-in with all claims
  const begun = await portal.begin({ prompt: 'consent' })
  const asked = await visitor.get(begun.url)
  const form = await visitor.get(`${asked.url.pathname}/register`)
  const filled = { ...person, document_type: 'resident_id', password, password_again: password, consent: 'yes' }
  await visitor.submit(form, '/register', { ...filled, password_again: 'Something-Else-9' })
  await visitor.submit(form, '/register', filled)
  const page = await visitor.get(begun.url)
  await signIn(visitor, page, person.document_number, 'Canary-Wrong-Password-1')
  await signIn(visitor, page, person.username, 'Canary-Wrong-Password-1')
  const signedIn = await signIn(visitor, page, person.phone, password)
  const tokens = await begun.finish(await allow(visitor, signedIn))
  const info = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
  expect(info['id_number']).toBe(person.document_number)
  const refreshed = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
  await oidc.tokenIntrospection(portal.configuration, refreshed.access_token)

  // failing requests with personal data
  const mistakes = [
    await visitor.get(`/account/${person.document_number}`),
    await visitor.get(`/registered/${person.phone}`),
    await visitor.get(`/authorize?client_id=${person.username}&login_hint=${person.document_number}`),
    await visitor.post('/register', { ...filled, csrf: 'wrong' }),
  ]
  await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${refreshed.access_token}x` } })
  await fetch(`${server.issuer}/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      traceparent: '00-bbf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token ?? '',
      client_id: portal.clientId,
      client_secret: 'canary-secret-wrong',
    }),
  })
  await visitor.get('/account')
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  await services.audit.record({ event: 'login.refused', actor: 'person', restricted: { address: '203.0.113.77' } })
  await server.kill('SIGINT')

  const personal = [person.name, person.document_number, person.phone, person.username]
  const secrets = [
    password,
    'Canary-Wrong-Password-1',
    'canary-secret-wrong',
    secret,
    ...[tokens, refreshed].flatMap((one) => [one.access_token, one.refresh_token ?? '', one.id_token ?? '']),
    ...visitor.cookiesSeen.keys(),
  ].filter((one) => one !== '')
  expect(secrets.length).toBeGreaterThan(10)
  const all = [...personal, ...secrets]
  // also searches the signatures of JWTs
  const forms = all.flatMap((one) => [
    one,
    encodeURIComponent(one),
    ...(one.split('.').length === 3 ? [one.split('.')[2] ?? one] : []),
  ])
  const found = (text: string, among: string[]) => among.filter((one) => text.includes(one))

  expect(server.output()).toContain('"msg":"request"')
  expect(found(server.output(), [...forms, '203.0.113.77', '127.0.0.1']), 'log').toEqual([])
  expect(found(metrics, forms), 'metrics').toEqual([])
  await until(async () => collector.spans().some(({ name }) => name === 'POST introspection'))
  const account = await services.persons.findByIdentifier(readIdentifier(person.username))
  const ofNobody = [...forms, '203.0.113.77', account?.id ?? '', portal.clientId, 'mozilla']
  expect(found(collector.bodies.join('\n'), ofNobody), 'traces').toEqual([])
  // only a trusted proxy chooses the trace id
  expect(collector.bodies.join('\n')).not.toContain('bbf7651916cd43dd8448eb211c80319c')
  const addresses = visitor.pages.filter(({ leads, status }) => !leads && status < 400).map(({ url }) => url.href)
  expect(addresses.length).toBeGreaterThan(5)
  // the id of a running login is in its address and, by the design of oidc-provider, in its cookie
  const ofLogins = new Set(
    [...visitor.cookiesSeen].filter(([, name]) => /_(login|resume)$/.test(name)).map(([value]) => value),
  )
  const inAddresses = found(addresses.join('\n'), forms).filter((one) => !ofLogins.has(one))
  expect(inAddresses, 'addresses').toEqual([])
  for (const { html } of mistakes) expect(found(html, secrets), 'error pages').toEqual([])
  for (const { html, status, url } of mistakes) {
    if (status >= 400) expect(found(html, [person.name, person.username]), url.pathname).toEqual([])
  }
  // files in the directory of events disappear at once
  for (const name of readdirSync(server.dataDir).filter((entry) => entry !== 'events')) {
    const bytes = readFileSync(join(server.dataDir, name), 'latin1')
    const written = all.map((one) => Buffer.from(one, 'utf8').toString('latin1'))
    expect(
      found(bytes, [...written, '203.0.113.77']).map((one) => one.slice(0, 24)),
      name,
    ).toEqual([])
  }
})
