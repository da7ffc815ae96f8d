import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, startServer } from '../setup/server.ts'
import { challenge, dpopProof, keyPair, seconds, sha256, verifier, type KeyPair } from './proofs.ts'
import {
  answerPages,
  authorizationUrl,
  follow,
  post,
  relyingParty,
  responseOf,
  type Parameters,
  type RelyingParty,
} from './relying-party.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer({ YIDENG_CODE_SECONDS: '300' })
  services = await server.services()
})

/** Seconds that these tests move the clock of the server on, in the order of the tests. */
const forwarded = 20
const longestForward = forwarded + 61

interface FapiClient extends RelyingParty {
  /** Authenticates the client. */
  key: KeyPair
  /** Binds its tokens (RFC 9449). */
  dpop: KeyPair
}

async function fapiClient(): Promise<FapiClient> {
  const key = await keyPair()
  const party = await relyingParty(services, {
    scope: 'openid offline_access',
    consent: 'implicit',
    auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...key.jwk, kid: 'one', alg: 'ES256', use: 'sig' }] },
    profile: 'fapi2',
    pkce: 'required',
    pkce_reason: undefined,
    id_token_alg: 'ES256',
  })
  return { ...party, key, dpop: await keyPair() }
}

function assertion(client: FapiClient, changes: Record<string, unknown> = {}): Promise<string> {
  const usual = { iss: client.id, sub: client.id, aud: client.issuer, jti: randomUUID(), iat: seconds() }
  return new SignJWT({ ...usual, exp: seconds() + longestForward + 60, ...changes })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(client.key.privateKey)
}

const authenticated = async (client: FapiClient, changes?: Record<string, unknown>) => ({
  client_id: client.id,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await assertion(client, changes),
})

const proof = (client: FapiClient, htm: string, path: string, token?: string, pair = client.dpop): Promise<string> =>
  dpopProof(pair, { htm, htu: `${client.issuer}${path}`, ...(token ? { ath: sha256(token) } : {}) })

const request = (client: FapiClient, changes: Parameters = {}): Parameters =>
  Object.fromEntries(authorizationUrl(client, { ...challenge, nonce: 'n', ...changes }).searchParams)

async function push(client: FapiClient, changes: Parameters = {}, claims?: Record<string, unknown>) {
  const fields = { ...request(client), ...changes, ...(await authenticated(client, claims)) }
  const answer = await post(client, '/par', fields, {})
  return { status: answer.status, body: (await answer.json()) as { request_uri?: string; error?: string } }
}

async function codeByPar(client: FapiClient, changes: Parameters = {}): Promise<string> {
  const { body } = await push(client, changes)
  const url = new URL(
    `/authorize?${new URLSearchParams({ client_id: client.id, request_uri: body.request_uri ?? '' }).toString()}`,
    client.issuer,
  )
  const response = responseOf(await follow(client, url))
  expect(response.get('iss')).toBe(client.issuer)
  return response.get('code') ?? ''
}

async function atToken(client: FapiClient, fields: Parameters, headers?: Record<string, string>) {
  const dpop = headers ?? { dpop: await proof(client, 'POST', '/token') }
  const answer = await post(client, '/token', { ...fields, ...(await authenticated(client)) }, dpop)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const exchange = (client: FapiClient, code: string, changes: Parameters = {}): Parameters => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: client.redirectUris[0],
  code_verifier: verifier,
  ...changes,
})

/** The questions of the plan "FAPI 2.0 Security Profile Final" with private_key_jwt and DPoP (sections 5.3.2.1 and 5.3.2.2). */
describe('FAPI 2.0 Security Profile', () => {
  it('happy-flow: pushed request, DPoP-bound token, userinfo', async () => {
    const client = await fapiClient()
    const { status, body } = await atToken(client, exchange(client, await codeByPar(client)))
    expect([status, body['token_type']]).toEqual([200, 'DPoP'])
    const token = String(body['access_token'])
    const userinfo = (headers: Record<string, string>) => fetch(`${client.issuer}/userinfo`, { headers })
    const right = { authorization: `DPoP ${token}`, dpop: await proof(client, 'GET', '/userinfo', token) }
    expect((await userinfo(right)).status).toBe(200)
    expect((await userinfo({ authorization: `Bearer ${token}` })).status, 'as a bearer token').toBe(401)
    const other = await proof(client, 'GET', '/userinfo', token, await keyPair())
    expect((await userinfo({ ...right, dpop: other })).status, 'with another key').toBe(401)
  })

  it('ensure-unsigned-authorization-request-without-using-par-fails', async () => {
    const client = await fapiClient()
    const page = await client.visitor.get(authorizationUrl(client, request(client)))
    expect(responseOf(await answerPages(client, page)).get('code')).toBeNull()
  })

  it('ensure-holder-of-key-required: no token without a proof', async () => {
    const client = await fapiClient()
    const { status, body } = await atToken(client, exchange(client, await codeByPar(client)), {})
    expect([status, body['access_token']]).toEqual([400, undefined])
  })

  const endpoints = ['/par', '/token', '/introspect', '/revoke']

  it.each<[string, unknown]>([
    ['array-as-audience', ['ISSUER', 'https://other.example']],
    ['array-with-the-issuer-alone', ['ISSUER']],
    ['issuer-with-a-slash', 'ISSUER/'],
    ['par-endpoint-url', 'ISSUER/par'],
    ['token-endpoint-url', 'ISSUER/token'],
    ['introspection-endpoint-url', 'ISSUER/introspect'],
    ['revocation-endpoint-url', 'ISSUER/revoke'],
    ['another-server', 'https://other.example'],
  ])('client-assertion audience %s is refused, and the issuer as a string is not', async (_name, wrong) => {
    const client = await fapiClient()
    const put = (value: unknown) => String(value).replace('ISSUER', client.issuer)
    const errorAt = async (path: string, aud: unknown) => {
      const fields = { grant_type: 'refresh_token', token: 'x', ...(await authenticated(client, { aud })) }
      const answer = await post(client, path, fields, {})
      return [answer.status, /"error":"(\w+)"/.exec(await answer.text())?.[1]]
    }
    for (const path of endpoints) {
      const refused = await errorAt(path, Array.isArray(wrong) ? wrong.map(put) : put(wrong))
      expect(refused, path).toEqual([401, 'invalid_client'])
      expect((await errorAt(path, client.issuer))[1], path).not.toBe('invalid_client')
    }
  })

  it.each<[string, Record<string, unknown>]>([
    ['no exp', { exp: undefined }],
    ['an exp in the past', { exp: 1 }],
    ['another iss', { iss: 'other' }],
    ['another sub', { sub: 'other' }],
    ['no jti', { jti: undefined }],
  ])('client-assertion with %s is refused', async (_name, claims) => {
    expect([400, 401]).toContain((await push(await fapiClient(), {}, claims)).status)
  })

  it.each<[string, Parameters]>([
    ['without a challenge', { code_challenge: undefined, code_challenge_method: undefined, nonce: undefined }],
    ['with a nonce instead of a challenge', { code_challenge: undefined, code_challenge_method: undefined }],
    ['with a plain challenge', { code_challenge_method: 'plain' }],
    ['for another response type', { response_type: 'code id_token' }],
    ['with a redirect URI that is not registered', { redirect_uri: 'https://other.example/cb' }],
    ['with a request_uri inside', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
  ])('a pushed request %s is refused', async (_name, changes) => {
    const { status, body } = await push(await fapiClient(), changes)
    expect([status, body.request_uri]).toEqual([400, undefined])
  })

  it('a request_uri belongs to the client that pushed it', async () => {
    const [mine, other] = [await fapiClient(), await fapiClient()]
    const { body } = await push(mine)
    const query = new URLSearchParams({ client_id: other.id, request_uri: body.request_uri ?? '' })
    const page = await other.visitor.get(new URL(`/authorize?${query.toString()}`, other.issuer))
    expect(responseOf(await answerPages(other, page)).get('code')).toBeNull()
  })

  it.each<[string, Parameters]>([
    ['another verifier', { code_verifier: randomBytes(32).toString('base64url') }],
    ['no verifier', { code_verifier: undefined }],
    ['another redirect URI', { redirect_uri: 'https://other.example/cb' }],
  ])('a code with %s gives nothing', async (_name, changes) => {
    const client = await fapiClient()
    const { status, body } = await atToken(client, exchange(client, await codeByPar(client), changes))
    expect([status, body['access_token']]).toEqual([400, undefined])
  })

  it('a code of another client gives nothing', async () => {
    const [mine, other] = [await fapiClient(), await fapiClient()]
    const { body } = await atToken(other, exchange(other, await codeByPar(mine)))
    expect(body['error']).toBe('invalid_grant')
  })

  it('refresh-token: a refresh does not replace the refresh token', async () => {
    const client = await fapiClient()
    const { body } = await atToken(
      client,
      exchange(client, await codeByPar(client, { scope: 'openid offline_access' })),
    )
    expect(body['refresh_token']).toBeTypeOf('string')
    for (const round of [1, 2]) {
      const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) }
      const answer = await atToken(client, fields)
      const { refresh_token: token = body['refresh_token'], token_type: type } = answer.body
      expect([answer.status, token, type], `round ${round}`).toEqual([200, body['refresh_token'], 'DPoP'])
      if (round === 1) await server.forward(forwarded * 1000)
    }
  })
  it('a code lives at most 60 seconds, also where the setting is longer', async () => {
    const client = await fapiClient()
    const [early, late] = [await codeByPar(client), await codeByPar(client)]
    const proofIn = async (ahead: number) => ({
      dpop: await dpopProof(client.dpop, {
        htm: 'POST',
        htu: `${client.issuer}/token`,
        iat: seconds() + forwarded + ahead,
      }),
    })
    expect((await atToken(client, exchange(client, early), await proofIn(0))).status).toBe(200)
    await server.forward(61_000)
    const { status, body } = await atToken(client, exchange(client, late), await proofIn(61))
    expect([status, body['error']]).toEqual([400, 'invalid_grant'])
  })
})
