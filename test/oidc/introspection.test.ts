import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const api = 'https://licences.example.gov.cn/'
const other = 'https://tax.example.gov.cn/'
const directory = mkdtempSync(join(tmpdir(), 'yideng-resources-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let server: RunningServer
let services: Services
let licences: TestPortal
let tax: TestPortal

beforeAll(async () => {
  const words = { 'zh-CN': '读', en: 'Read' }
  const file = join(directory, 'resources.json')
  const named = { name: words, scopes: { read: words }, matters: {} }
  writeFileSync(file, JSON.stringify({ [api]: named, [other]: named }))
  server = await startServer({ YIDENG_RESOURCES: file })
  services = await server.services()
  const service = { type: 'service' as const, redirect_uris: [] as string[] }
  licences = await registerPortal(services, { ...service, resources: [api] })
  tax = await registerPortal(services, { ...service, resources: [other] })
})

/** A person who entered a portal, with a token of it for the API. */
async function entered(scope = 'openid offline_access read') {
  const portal = await registerPortal(services, {
    scope: 'openid offline_access',
    consent: 'implicit',
    resources: [api],
  })
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin({ scope, resource: api })
  const page = await signIn(visitor, await visitor.get(begun.url), person.username)
  const code = new URL(page.leads ?? begun.url)
  const asked = await begun.finish({ ...page, leads: code })
  const tokens = await oidc.refreshTokenGrant(portal.configuration, asked.refresh_token ?? '', {
    resource: api,
    scope: 'read',
  })
  return {
    portal,
    person,
    visitor,
    refresh: tokens.refresh_token ?? '',
    opaque: asked.access_token,
    jwt: tokens.access_token,
  }
}

const ask = (by: TestPortal, token: string, hint?: string) =>
  oidc.tokenIntrospection(by.configuration, token, hint === undefined ? {} : { token_type_hint: hint })
const active = async (by: TestPortal, token: string) => (await ask(by, token)).active

describe('introspection of JWT access tokens', () => {
  it('its API and its portal learn the claims of the token, with the sign-in', async () => {
    const { portal, jwt } = await entered()
    const claims = decodeJwt(jwt)
    expect(claims).toMatchObject({ aud: api, scope: 'read', acr: 'urn:yideng:loa:3', amr: ['pwd'] })
    expect(claims['auth_time']).toBeTypeOf('number')
    for (const by of [licences, portal])
      for (const hint of [undefined, 'access_token', 'refresh_token', 'nonsense'])
        expect(await ask(by, jwt, hint)).toEqual({ ...claims, active: true, token_type: 'Bearer' })
  })

  it('a client that may not ask learns nothing', async () => {
    const { jwt } = await entered()
    const stranger = await registerPortal(services, { resources: [api] })
    for (const by of [tax, stranger]) expect(await ask(by, jwt)).toEqual({ active: false })
  })

  it('opaque tokens and refresh tokens belong to their portal', async () => {
    const { portal, opaque, refresh } = await entered()
    expect([await active(portal, opaque), await active(portal, refresh)]).toEqual([true, true])
    expect(await ask(licences, opaque)).toEqual({ active: false })
    expect(await ask(licences, refresh)).toEqual({ active: false })
  })

  it('a token of a service names the service', async () => {
    const { access_token: jwt } = await oidc.clientCredentialsGrant(licences.configuration, {
      resource: api,
      scope: 'read',
    })
    expect(await ask(licences, jwt)).toMatchObject({ active: true, sub: licences.clientId, aud: api })
    expect(await ask(tax, jwt)).toEqual({ active: false })
    await oidc.tokenRevocation(tax.configuration, jwt)
    expect(await active(licences, jwt)).toBe(true)
    await oidc.tokenRevocation(licences.configuration, jwt)
    expect(await ask(licences, jwt)).toEqual({ active: false })
  })

  it.each([
    ['its refresh token is revoked', ({ portal, refresh }) => oidc.tokenRevocation(portal.configuration, refresh)],
    ['it is revoked', ({ portal, jwt }) => oidc.tokenRevocation(portal.configuration, jwt)],
    [
      'the account is locked',
      ({ person }) => services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' }),
    ],
    [
      'its portal is suspended',
      ({ portal }) => services.clients.setStatus(portal.clientId, 'suspended', 'administrator:test'),
    ],
    [
      'its portal may not reach the API any longer',
      ({ portal }) => services.clients.update(portal.clientId, { resources: [] }, 'administrator:test'),
    ],
    ['it is over', () => server.forward(3_600_000)],
  ] as [string, (of: Awaited<ReturnType<typeof entered>>) => Promise<unknown>][])(
    'is inactive when %s',
    async (_what, act) => {
      const of = await entered()
      expect(await active(licences, of.jwt)).toBe(true)
      await act(of)
      await expect.poll(() => active(licences, of.jwt), { timeout: 4000 }).toBe(false)
    },
  )

  it('a sign-out ends a token that has no offline access', async () => {
    const portal = await registerPortal(services, { consent: 'implicit', resources: [api] })
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const request = { code_challenge: '', code_challenge_method: '', nonce: 'n', state: 's', scope: 'openid read' }
    const { url } = await portal.begin({ ...request, resource: api })
    const page = await signIn(visitor, await visitor.get(url), person.username)
    const checks = { expectedNonce: 'n', expectedState: 's' }
    const { access_token: jwt } = await oidc.authorizationCodeGrant(portal.configuration, page.leads ?? url, checks, {
      resource: api,
    })
    expect(await active(licences, jwt)).toBe(true)
    const asked = await visitor.get(`/logout?client_id=${portal.clientId}`)
    await visitor.submit(asked, '/logout/confirm', { logout: 'yes' })
    expect(await active(licences, jwt)).toBe(false)
  })

  it('texts that are no token of this server are inactive', async () => {
    const { jwt } = await entered()
    const [head = '', body = '', signature = ''] = jwt.split('.')
    const claims = { ...decodeJwt(jwt), exp: 9_999_999_999 }
    const forged = [
      `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`,
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`,
      `${head}.${body}.`,
      `${head}.${body}.${signature.slice(2)}AA`,
      `${jwt}.a.b`,
      'a.b.c',
    ]
    for (const token of forged) expect(await ask(licences, token), token).toEqual({ active: false })
  })
})

describe('/revoke', () => {
  const post = (portal: TestPortal, fields: Record<string, string>) =>
    fetch(`${server.issuer}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: portal.clientId, ...fields }),
    })

  it.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
    'answers 200 without a type: hint %s',
    async (hint) => {
      const portal = await registerPortal(services, {
        type: 'spa',
        consent: 'implicit',
        scope: 'openid offline_access',
        resources: [api],
      })
      const person = await openPerson(services)
      const visitor = new Visitor(server.issuer)
      const begun = await portal.begin({ scope: 'openid offline_access read', resource: api })
      const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
      const { access_token: jwt } = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '', {
        resource: api,
        scope: 'read',
      })
      const more: Record<string, string> = hint === undefined ? {} : { token_type_hint: hint }
      for (const token of ['x', 'a.b.c', jwt, tokens.access_token, tokens.refresh_token ?? '']) {
        const answer = await post(portal, { token, ...more })
        expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, null, ''])
      }
      expect(await active(licences, jwt)).toBe(false)
      const again = oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
      await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
    },
  )

  it('revokes no token of another client', async () => {
    const { jwt } = await entered()
    const spa = await registerPortal(services, { type: 'spa' })
    expect((await post(spa, { token: jwt })).status).toBe(200)
    expect(await active(licences, jwt)).toBe(true)
  })
})
