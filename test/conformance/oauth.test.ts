import { decodeJwt, decodeProtectedHeader } from 'jose'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, startServer } from '../setup/server.ts'
import {
  authorizationUrl,
  codeOf,
  follow,
  post,
  redeem,
  relyingParty,
  responseOf,
  tokensOf,
  userinfo,
  type Parameters,
  type RelyingParty,
  type TokenResponse,
} from './relying-party.ts'

const api = 'https://licences.example.gov.cn/'

const directory = mkdtempSync(join(tmpdir(), 'yideng-conformance-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let server: RunningServer
let services: Services
beforeAll(async () => {
  const words = { 'zh-CN': '证照', en: 'Licences' }
  const file = join(directory, 'resources.json')
  writeFileSync(file, JSON.stringify({ [api]: { name: words, scopes: { 'licence:read': words }, matters: {} } }))
  server = await startServer({ YIDENG_RESOURCES: file })
  services = await server.services()
})

async function signed(changes: Parameters = {}, overrides: Parameters = {}) {
  const party = await relyingParty(services, overrides)
  return { party, tokens: await tokensOf(party, changes) }
}

const offline = { scope: 'openid offline_access', prompt: 'consent' }

async function json(answer: Response) {
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
}

const refresh = async (party: RelyingParty, token: string | undefined, changes: Parameters = {}) =>
  json(await post(party, '/token', { grant_type: 'refresh_token', refresh_token: token, ...changes }))

describe('RFC 6749', () => {
  it.each(['scope', 'state', 'redirect_uri', 'client_id'])('3.1: a repeated %s is refused', async (name) => {
    const party = await relyingParty(services)
    const url = authorizationUrl(party)
    url.searchParams.append(name, url.searchParams.get(name) ?? '')
    expect(responseOf(await follow(party, url)).get('code')).toBeNull()
  })

  it('3.1: an empty parameter counts as absent', async () => {
    const party = await relyingParty(services)
    expect(responseOf(await follow(party, authorizationUrl(party, { prompt: '', nonce: '' }))).get('code')).toBeTruthy()
  })

  it('3.2: the token endpoint takes POST alone', async () => {
    expect((await fetch(`${server.issuer}/token?grant_type=client_credentials`)).status).toBe(404)
  })

  it('3.3: the answer names a scope that differs from the request', async () => {
    const { tokens } = await signed({ scope: 'openid email' })
    expect(tokens.scope).toBe('openid')
  })

  it.each<[string, Parameters]>([
    ['another redirect URI', { redirect_uri: 'https://other.example/cb' }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another code', { code: 'other' }],
  ])('4.1.3: %s is invalid_grant or invalid_request', async (_name, changes) => {
    const party = await relyingParty(services)
    const { status, body } = await json(await redeem(party, await codeOf(party), changes))
    expect(status).toBe(400)
    expect(['invalid_grant', 'invalid_request']).toContain(body['error'])
  })

  it('4.1.3: a code of another client is invalid_grant', async () => {
    const [mine, other] = [await relyingParty(services), await relyingParty(services)]
    const { body } = await json(await redeem(other, await codeOf(mine), { redirect_uri: mine.redirectUris[0] }))
    expect(body['error']).toBe('invalid_grant')
  })

  it('5.2: a client that tried Basic gets 401 with a Basic challenge', async () => {
    const party = await relyingParty(services)
    const { status, headers, body } = await json(await redeem({ ...party, secret: 'wrong' }, 'x'))
    expect([status, body['error']]).toEqual([401, 'invalid_client'])
    expect(headers.get('www-authenticate')).toMatch(/^Basic /)
  })

  it('6: a refresh cannot widen its scope', async () => {
    const { party, tokens } = await signed(offline)
    const { status, body } = await refresh(party, tokens.refresh_token, { scope: 'openid profile' })
    expect([status, body['error']]).toEqual([400, 'invalid_scope'])
  })
})

describe('RFC 7009: revocation', () => {
  it('2.1: needs the authentication of the client', async () => {
    const { party, tokens } = await signed()
    const { status, body } = await json(
      await post(party, '/revoke', { token: tokens.access_token, client_id: party.id }, {}),
    )
    expect([status, body['error']]).toEqual([401, 'invalid_client'])
    expect((await userinfo(party, tokens.access_token)).status).toBe(200)
  })

  it('2.1: does not revoke a token of another client', async () => {
    const { party, tokens } = await signed()
    await post(await relyingParty(services), '/revoke', { token: tokens.access_token })
    expect((await userinfo(party, tokens.access_token)).status).toBe(200)
  })

  it.each([undefined, 'access_token', 'refresh_token', 'other'])('2.1: the hint %s may be wrong', async (hint) => {
    const { party, tokens } = await signed()
    const answer = await post(party, '/revoke', { token: tokens.access_token, token_type_hint: hint })
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([200, '', null])
    expect((await userinfo(party, tokens.access_token)).status).toBe(401)
  })

  it('2.1: a refresh token takes its access tokens with it', async () => {
    const { party, tokens } = await signed(offline)
    await post(party, '/revoke', { token: tokens.refresh_token })
    expect((await refresh(party, tokens.refresh_token)).body['error']).toBe('invalid_grant')
    expect((await userinfo(party, tokens.access_token)).status).toBe(401)
  })

  it('2.2: an unknown token is 200', async () => {
    expect((await post(await relyingParty(services), '/revoke', { token: 'x' })).status).toBe(200)
  })
})

describe('RFC 7662: introspection', () => {
  const ask = async (party: RelyingParty, token: string) =>
    (await json(await post(party, '/introspect', { token }))).body

  it('2.1: needs the authentication of the caller', async () => {
    const { party, tokens } = await signed()
    const answer = await post(party, '/introspect', { token: tokens.access_token, client_id: party.id }, {})
    expect(answer.status).toBe(401)
  })

  it('2.2: a live token is active, with its client and its end', async () => {
    const { party, tokens } = await signed()
    const body = await ask(party, tokens.access_token)
    expect(body).toMatchObject({ active: true, client_id: party.id })
    expect(Number(body['exp'])).toBeGreaterThan(Number(body['iat']))
  })

  it('2.2: an unknown, a revoked, and another client’s token are inactive, and nothing else is in the answer', async () => {
    const { party, tokens } = await signed()
    expect(await ask(party, 'x')).toEqual({ active: false })
    expect(await ask(await relyingParty(services), tokens.access_token)).toEqual({ active: false })
    await post(party, '/revoke', { token: tokens.access_token })
    expect(await ask(party, tokens.access_token)).toEqual({ active: false })
  })

  it('2.2: a JWT access token is active for its client, and inactive for another', async () => {
    const { party, tokens } = await forApi()
    expect(await ask(party, tokens.access_token)).toMatchObject({ active: true })
    expect(await ask(await relyingParty(services), tokens.access_token)).toEqual({ active: false })
  })
})

const forApi = async () => {
  const party = await relyingParty(services, { resources: [api] })
  const code = await codeOf(party, { resource: api, scope: 'openid licence:read' })
  const { body } = await json(await redeem(party, code, { resource: api }))
  return { party, tokens: body as unknown as TokenResponse }
}

describe('RFC 9068: JWT access tokens', () => {
  it('2.1: has the type at+jwt and an asymmetric signature', async () => {
    const { alg, typ } = decodeProtectedHeader((await forApi()).tokens.access_token)
    expect(typ).toBe('at+jwt')
    expect(['ES256', 'RS256']).toContain(alg)
  })

  it('2.2, 3: has iss, exp, aud, sub, client_id, iat, jti; the audience is the API', async () => {
    const { party, tokens } = await forApi()
    const claims = decodeJwt(tokens.access_token)
    expect(claims).toMatchObject({ iss: server.issuer, aud: api, client_id: party.id })
    for (const name of ['exp', 'sub', 'iat', 'jti']) expect(claims, name).toHaveProperty(name)
  })

  it('2.2.1: has acr, auth_time and amr of the sign-in', async () => {
    const claims = decodeJwt((await forApi()).tokens.access_token)
    expect(claims).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['pwd'] })
    expect(claims['auth_time']).toBeTypeOf('number')
  })
})

describe('RFC 9126: pushed authorization requests', () => {
  const push = (party: RelyingParty, changes: Parameters = {}, headers?: Record<string, string>) =>
    post(party, '/par', { ...Object.fromEntries(authorizationUrl(party).searchParams), ...changes }, headers)
  const open = (party: RelyingParty, request_uri: unknown) => {
    const query = new URLSearchParams({ client_id: party.id, request_uri: String(request_uri) })
    return follow(party, new URL(`/authorize?${query.toString()}`, party.issuer))
  }

  it('2.1: authenticates like the token endpoint', async () => {
    expect((await push(await relyingParty(services), {}, {})).status).toBe(401)
  })

  it('2.1: refuses a request_uri inside', async () => {
    expect((await push(await relyingParty(services), { request_uri: 'urn:x' })).status).toBe(400)
  })

  it('2.2: answers 201 with request_uri and expires_in, and no cache stores it', async () => {
    const { status, body, headers } = await json(await push(await relyingParty(services)))
    expect(status).toBe(201)
    expect(body['request_uri']).toMatch(/^urn:ietf:params:oauth:request_uri:/)
    expect(body['expires_in']).toBeGreaterThan(0)
    expect(headers.get('cache-control')).toContain('no-store')
  })

  it('2.3: refuses what the authorization endpoint refuses', async () => {
    const { status, body } = await json(
      await push(await relyingParty(services), { redirect_uri: 'https://other.example/cb' }),
    )
    expect(status).toBe(400)
    expect(body['error']).toBeTypeOf('string')
  })

  it('4: a request_uri works for its client, and once', async () => {
    const party = await relyingParty(services)
    const { body } = await json(await push(party))
    expect(responseOf(await open(await relyingParty(services), body['request_uri'])).get('code')).toBeNull()
    expect(responseOf(await open(party, body['request_uri'])).get('code')).toBeTruthy()
    expect(responseOf(await open(party, body['request_uri'])).get('code')).toBeNull()
  })
})

describe('RFC 9207: the issuer in the response', () => {
  it.each<[string, Parameters]>([
    ['a code', {}],
    ['an error', { prompt: 'none login' }],
    ['a refusal', { response_type: 'token', response_mode: 'query' }],
  ])('2: is beside %s', async (_name, changes) => {
    const party = await relyingParty(services)
    const page = await follow(party, authorizationUrl(party, changes))
    const told = new URLSearchParams(page.leads?.hash.slice(1) || page.leads?.search)
    expect(told.get('iss')).toBe(server.issuer)
  })

  it('3: the metadata announces it', async () => {
    const { body } = await json(await fetch(`${server.issuer}/.well-known/openid-configuration`))
    expect(body).toMatchObject({ authorization_response_iss_parameter_supported: true, issuer: server.issuer })
  })
})
