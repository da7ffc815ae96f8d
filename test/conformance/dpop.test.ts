import { calculateJwkThumbprint, exportJWK } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { challenge, dpopProof, keyPair, seconds, verifier, type KeyPair } from './proofs.ts'
import { codeOf, post, relyingParty, type Parameters, type RelyingParty } from './relying-party.ts'

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const proof = (pair: KeyPair, claims: Record<string, unknown> = {}, header?: Record<string, unknown>) =>
  dpopProof(pair, { htm: 'POST', htu: `${server.issuer}/token`, ...claims }, header)

/** A public client: its refresh tokens are bound to the key (section 5). */
async function publicClient() {
  const party = await relyingParty(services, {
    type: 'spa',
    scope: 'openid offline_access',
    auth_method: undefined,
    pkce: 'required',
    pkce_reason: undefined,
  })
  return { party, pair: await keyPair() }
}

async function ask(party: RelyingParty, fields: Parameters, dpop?: string) {
  const answer = await post(party, '/token', { client_id: party.id, ...fields }, dpop ? { dpop } : {})
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function redeemed(party: RelyingParty, dpop: string | undefined, changes: Parameters = {}) {
  const code = await codeOf(party, { ...challenge, ...changes })
  const fields = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: party.redirectUris[0],
  }
  return ask(party, fields, dpop)
}

describe('RFC 9449: DPoP', () => {
  it('5: a token for a proof has the type DPoP', async () => {
    const { party, pair } = await publicClient()
    const { status, body } = await redeemed(party, await proof(pair))
    expect([status, body['token_type']]).toEqual([200, 'DPoP'])
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['another method', { htm: 'GET' }, {}],
    ['another address', { htu: 'https://other.example/token' }, {}],
    ['no method', { htm: undefined }, {}],
    ['no address', { htu: undefined }, {}],
    ['no jti', { jti: undefined }, {}],
    ['no iat', { iat: undefined }, {}],
    ['an old iat', { iat: seconds() - 3600 }, {}],
    ['another type', {}, { typ: 'JWT' }],
    ['no key', {}, { jwk: undefined }],
  ])('4.3: a proof with %s is refused', async (_name, claims, header) => {
    const { party, pair } = await publicClient()
    const { status, body } = await redeemed(party, await proof(pair, claims, header))
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof'])
  })

  it.each<[string, (pair: KeyPair) => Promise<string>]>([
    ['the key of another signer', async (pair) => proof(pair, {}, { jwk: (await keyPair()).jwk })],
    ['a private key', async (pair) => proof(pair, {}, { jwk: await exportJWK(pair.privateKey) })],
    ['no signature', async (pair) => (await proof(pair)).replace(/[^.]+$/, '')],
    ['no form of a token', () => Promise.resolve('x')],
  ])('4.3: a proof with %s is refused, too', async (_name, make) => {
    const { party, pair } = await publicClient()
    const { status, body } = await redeemed(party, await make(pair))
    expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof'])
  })

  it('4.3: a proof counts once', async () => {
    const { party, pair } = await publicClient()
    const once = await proof(pair)
    expect((await redeemed(party, once)).status).toBe(200)
    expect((await redeemed(party, once)).status).toBe(400)
  })

  it('5: the refresh token of a public client needs the same key', async () => {
    const { party, pair } = await publicClient()
    const asked = { scope: 'openid offline_access', prompt: 'consent' }
    const { body } = await redeemed(party, await proof(pair), asked)
    const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) }
    expect((await ask(party, fields, await proof(await keyPair()))).status, 'another key').toBe(400)
    expect((await ask(party, fields)).status, 'no proof').toBe(400)
    expect((await ask(party, fields, await proof(pair))).status, 'the same key').toBe(200)
  })

  it('10: a code with dpop_jkt needs that key', async () => {
    const { party, pair } = await publicClient()
    const dpop_jkt = await calculateJwkThumbprint(pair.jwk)
    expect((await redeemed(party, await proof(await keyPair()), { dpop_jkt })).status).toBe(400)
    expect((await redeemed(party, await proof(pair), { dpop_jkt })).status).toBe(200)
  })
})
