import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Services } from '../../src/services.ts'
import { freePort } from '../setup/free-port.ts'
import { type RunningServer, until, startServer } from '../setup/server.ts'
import type { Page } from '../setup/visitor.ts'
import {
  authorizationUrl,
  relyingParty,
  responseOf,
  tokensOf,
  verified,
  type Parameters,
  type RelyingParty,
} from './relying-party.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

const home = 'https://rp.example.gov.cn/signed-out'

async function signedInParty(overrides: Parameters = {}) {
  const party = await relyingParty(services, { post_logout_redirect_uris: [home], ...overrides })
  return { party, tokens: await tokensOf(party) }
}

function logoutUrl(party: RelyingParty, parameters: Parameters): URL {
  const url = new URL('/logout', party.issuer)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

/** Answers the question of the page with yes. */
const signOut = (party: RelyingParty, page: Page) => party.visitor.submit(page, '/logout/confirm', { logout: 'yes' })

const isSignedIn = async (party: RelyingParty) => {
  const page = await party.visitor.get(authorizationUrl(party, { prompt: 'none' }))
  return responseOf(page).get('code') !== null
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The questions of the plan "RP-Initiated Logout OP". */
describe('RP-Initiated Logout OP', () => {
  it('discovery-endpoint-verification names the endpoint', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    expect(await answer.json()).toHaveProperty('end_session_endpoint', `${server.issuer}/logout`)
  })

  it.each<[string, string | undefined]>([
    ['rp-initiated-logout', 'a state'],
    ['rp-initiated-logout-no-state', undefined],
  ])('%s: signs out, and returns with the same state', async (_name, state) => {
    const { party, tokens } = await signedInParty()
    const asked = logoutUrl(party, { id_token_hint: tokens.id_token, post_logout_redirect_uri: home, state })
    const done = await signOut(party, await party.visitor.get(asked))
    expect(`${done.leads?.origin}${done.leads?.pathname}`).toBe(home)
    expect(done.leads?.searchParams.get('state') ?? undefined).toBe(state)
    expect(await isSignedIn(party)).toBe(false)
  })

  const hints = {
    'bad-id-token-hint': () => `${part({ alg: 'none' })}.${part({ iss: 'https://other.example', sub: 'x' })}.`,
    'modified-id-token-hint': (token: string) => {
      const [head, body = '', signature] = token.split('.')
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
      return [head, part({ ...claims, sub: 'another' }), signature].join('.')
    },
  }
  it.each(Object.entries(hints))(
    'rp-initiated-logout-%s: no redirect, but a way to sign out',
    async (_name, change) => {
      const { party, tokens } = await signedInParty()
      const hint = change(tokens.id_token)
      const page = await party.visitor.get(logoutUrl(party, { id_token_hint: hint, post_logout_redirect_uri: home }))
      expect(page.leads).toBeUndefined()
      const done = await signOut(party, page)
      expect(done.leads).toBeUndefined()
      expect(await isSignedIn(party)).toBe(false)
    },
  )

  it.each<[string, Parameters]>([
    ['bad-post-logout-redirect-uri', { post_logout_redirect_uri: 'https://rp.example.gov.cn/other' }],
    ['query-added-to-post-logout-redirect-uri', { post_logout_redirect_uri: `${home}?foo=bar` }],
  ])('rp-initiated-logout-%s: no redirect, but a way to sign out', async (_name, changes) => {
    const { party, tokens } = await signedInParty()
    const page = await party.visitor.get(logoutUrl(party, { id_token_hint: tokens.id_token, state: 's', ...changes }))
    expect(page.leads).toBeUndefined()
    expect((await signOut(party, page)).leads).toBeUndefined()
    expect(await isSignedIn(party)).toBe(false)
  })

  it.each<[string, Parameters]>([
    ['no-id-token-hint', { post_logout_redirect_uri: home }],
    ['no-params', {}],
    ['only-state', { state: 'a state' }],
  ])('rp-initiated-logout-%s: asks first, and never redirects', async (_name, parameters) => {
    const { party } = await signedInParty()
    const page = await party.visitor.get(logoutUrl(party, parameters))
    expect(await isSignedIn(party), 'before the answer').toBe(true)
    const done = await signOut(party, page)
    expect(done.leads).toBeUndefined()
    expect(await isSignedIn(party)).toBe(false)
  })

  it('rp-initiated-logout-no-post-logout-redirect-uri: ends on our own page', async () => {
    const { party, tokens } = await signedInParty()
    const done = await signOut(party, await party.visitor.get(logoutUrl(party, { id_token_hint: tokens.id_token })))
    expect([done.status, done.leads]).toEqual([200, undefined])
    expect(await isSignedIn(party)).toBe(false)
  })

  it('an expired hint is accepted', async () => {
    const { party, tokens } = await signedInParty()
    await server.forward(15 * 60_000)
    const asked = logoutUrl(party, { id_token_hint: tokens.id_token, post_logout_redirect_uri: home })
    expect((await signOut(party, await party.visitor.get(asked))).leads?.href).toBe(home)
  })

  it('takes the request as a form, and no address gets the ID token', async () => {
    const { party, tokens } = await signedInParty()
    const fields = { id_token_hint: tokens.id_token, post_logout_redirect_uri: home, state: 'a state' }
    const first = await party.visitor.only('POST', '/logout', fields)
    expect(first.leads?.href ?? '').not.toContain(tokens.id_token)
    const page = first.leads ? await party.visitor.get(first.leads) : first
    const done = await signOut(party, page)
    expect(done.leads?.href).toBe(`${home}?state=a+state`)
    expect(await isSignedIn(party)).toBe(false)
  })
})

/** Collects the logout tokens that arrive. */
async function listen() {
  const received: { body: URLSearchParams; type: string }[] = []
  const port = await freePort()
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      received.push({ body: new URLSearchParams(body), type: request.headers['content-type'] ?? '' })
      response.writeHead(200, { 'cache-control': 'no-store' }).end()
    })
  })
  onTestFinished(() => void listener.close())
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return { received, uri: `http://127.0.0.1:${port}/logout` }
}

/** The questions of the plan "Back-Channel Logout OP" (Back-Channel Logout 1.0 sections 2.1, 2.4, 2.5). */
describe('Back-Channel Logout OP', () => {
  it('discovery says that logout tokens carry a session', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    const supported = { backchannel_logout_supported: true, backchannel_logout_session_supported: true }
    expect(await answer.json()).toMatchObject(supported)
  })

  it('backchannel-rp-initiated-logout: one signed logout token with the session of the ID token', async () => {
    const { received, uri } = await listen()
    const party = await relyingParty(services, { post_logout_redirect_uris: [home], backchannel_logout_uri: uri })
    const tokens = await tokensOf(party, { nonce: 'n' })
    const claims = await verified(party, tokens.id_token)
    const asked = logoutUrl(party, { id_token_hint: tokens.id_token, post_logout_redirect_uri: home, state: 's' })
    await signOut(party, await party.visitor.get(asked))
    await until(async () => received.length > 0)
    const [notice] = received
    expect(notice?.type).toContain('application/x-www-form-urlencoded')
    const keys = createRemoteJWKSet(new URL('/jwks', party.issuer))
    const token = notice?.body.get('logout_token') ?? ''
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: party.issuer,
      audience: party.id,
    })
    expect(protectedHeader.typ).toBe('logout+jwt')
    expect(payload).toMatchObject({ sub: claims.sub, sid: claims['sid'] })
    expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} })
    expect(payload.jti).toBeTypeOf('string')
    expect(payload.iat).toBeTypeOf('number')
    expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(120)
    expect(payload).not.toHaveProperty('nonce')
    expect(received).toHaveLength(1)
  })
})
