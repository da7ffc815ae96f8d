import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let visitor: Visitor
let portal: TestPortal
let fapi: oidc.Configuration
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

beforeAll(async () => {
  server = await startServer({ YIDENG_CODE_SECONDS: '300' })
  services = await server.services()
  const jwk = { ...(await exportJWK(keys.publicKey)), alg: 'ES256', kid: 'one' }
  portal = await registerPortal(services, {
    profile: 'fapi2',
    auth_method: 'private_key_jwt',
    jwks: { keys: [jwk] },
    scope: 'openid offline_access',
    consent: 'implicit',
  })
  const key = await crypto.subtle.importKey(
    'jwk',
    { ...(await exportJWK(keys.privateKey)), alg: 'ES256' },
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  const authentication = oidc.PrivateKeyJwt(
    { key, kid: 'one' },
    {
      // a test moves the clock of the server by a minute
      [oidc.modifyAssertion]: (_header, payload) => void (payload.exp = Number(payload.exp) + 61),
    },
  )
  fapi = await oidc.discovery(
    new URL(server.issuer),
    portal.clientId,
    { id_token_signed_response_alg: portal.configuration.clientMetadata()['id_token_signed_response_alg'] as string },
    authentication,
    { execute: [oidc.allowInsecureRequests] },
  )
  const person = await openPerson(services)
  visitor = new Visitor(server.issuer)
  const usual = await registerPortal(services, { consent: 'implicit' })
  await signIn(visitor, await visitor.get((await usual.begin()).url), person.username)
})

async function begin(change: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri: portal.redirectUri,
    scope: 'openid offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 's',
    ...change,
  }
  return { verifier, parameters, url: await oidc.buildAuthorizationUrlWithPAR(fapi, parameters) }
}

const checks = (verifier: string) => ({ pkceCodeVerifier: verifier, expectedState: 's' })

describe('FAPI 2.0 Security Profile', () => {
  it('refuses a request that was not pushed', async () => {
    const { parameters } = await begin()
    const direct = await visitor.get(oidc.buildAuthorizationUrl(fapi, parameters))
    expect(direct.leads?.searchParams.get('code') ?? null).toBeNull()
  })

  it.each([
    { code_challenge: '', code_challenge_method: '' },
    { code_challenge: '', code_challenge_method: '', nonce: 'n' },
  ])('needs PKCE: %j', async (change) => {
    await expect(begin(change)).rejects.toMatchObject({ error: 'invalid_request' })
  })

  it('gives tokens bound to a key only, and does not rotate refresh tokens', async () => {
    const first = await begin()
    const { leads, html } = await visitor.get(first.url)
    if (!leads) throw new Error(`no answer ${html}`)
    const bearer = oidc.authorizationCodeGrant(fapi, leads, checks(first.verifier))
    await expect(bearer).rejects.toMatchObject({ error: 'invalid_grant' })

    const second = await begin()
    const page = await visitor.get(second.url)
    const DPoP = oidc.getDPoPHandle(fapi, await oidc.randomDPoPKeyPair())
    const tokens = await oidc.authorizationCodeGrant(fapi, page.leads ?? leads, checks(second.verifier), undefined, {
      DPoP,
    })
    expect(tokens.token_type).toBe('dpop')
    const refresh = () => oidc.refreshTokenGrant(fapi, tokens.refresh_token ?? '', undefined, { DPoP })
    for (const again of [await refresh(), await refresh()]) {
      expect(again.refresh_token ?? tokens.refresh_token).toBe(tokens.refresh_token)
      expect(again.token_type).toBe('dpop')
    }
  })

  it('a code lives at most 60 seconds, also where the setting is longer', async () => {
    const { url, verifier } = await begin()
    const { leads } = await visitor.get(url)
    await server.forward(61_000)
    const asked = oidc.authorizationCodeGrant(fapi, leads ?? url, checks(verifier), undefined, {
      DPoP: oidc.getDPoPHandle(fapi, await oidc.randomDPoPKeyPair()),
    })
    await expect(asked).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it.each(['/par', '/token', '/introspect', '/revoke'])(
    'takes the issuer only as audience, as a string: %s',
    async (path) => {
      const send = async (aud: unknown) => {
        const now = Math.floor(Date.now() / 1000) + 61 // the server's clock was moved
        const claims = { iss: portal.clientId, sub: portal.clientId, aud, exp: now + 60, jti: randomUUID() }
        const body = new URLSearchParams({
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await new SignJWT(claims as never)
            .setProtectedHeader({ alg: 'ES256', kid: 'one' })
            .sign(keys.privateKey),
          grant_type: 'refresh_token',
          token: 'x',
        })
        const answer = await fetch(server.issuer + path, { method: 'POST', body })
        return ((await answer.json().catch(() => ({}))) as { error?: string }).error
      }
      expect(await send(server.issuer)).not.toBe('invalid_client')
      const { issuer } = server
      const wrong = [
        [issuer],
        [issuer, 'https://other.example'],
        `${issuer}/`,
        `${issuer}/par`,
        `${issuer}/token`,
        issuer + path,
      ]
      for (const aud of wrong) expect(await send(aud), JSON.stringify(aud)).toBe('invalid_client')
    },
  )
})

describe('FAPI 2.0 Security Profile section 5.4.1: RS256 is refused, also for a key that is registered for it', () => {
  const by = 'administrator:test'
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const okp = generateKeyPairSync('ed25519')

  /** A key set at an address, or of an older registration: the check at registration did not see its algorithms. */
  async function signer(alg: string | undefined) {
    const [one, two, three] = [rsa.publicKey, keys.publicKey, okp.publicKey].map((key) => key.export({ format: 'jwk' }))
    const jwks = {
      keys: [
        { ...one, kid: 'rsa' },
        { ...two, kid: 'ec' },
        { ...three, kid: 'okp' },
      ],
    }
    const registered = await registerPortal(services, { auth_method: 'private_key_jwt', jwks, profile: 'fapi2' })
    if (alg !== undefined) {
      const { metadata } = await services.database
        .selectFrom('clients')
        .select('metadata')
        .where('id', '=', registered.clientId)
        .executeTakeFirstOrThrow()
      const changed = { ...(JSON.parse(metadata) as object), jwks: { keys: [{ ...one, kid: 'rsa', alg }] } }
      await services.database
        .updateTable('clients')
        .set({ metadata: JSON.stringify(changed) })
        .where('id', '=', registered.clientId)
        .execute()
      await services.clients.setStatus(registered.clientId, 'suspended', by)
      await services.clients.setStatus(registered.clientId, 'active', by)
    }
    return registered
  }

  const keyOf: Record<string, [string, typeof keys.privateKey]> = {
    RS256: ['rsa', rsa.privateKey],
    PS256: ['rsa', rsa.privateKey],
    ES256: ['ec', keys.privateKey],
    EdDSA: ['okp', okp.privateKey],
  }
  const sign = (claims: object, alg: string) => {
    const [kid, key] = keyOf[alg] ?? ['', keys.privateKey]
    return new SignJWT(claims as never).setProtectedHeader({ alg, kid }).sign(key)
  }

  /** A pushed request, its client assertion and its request object signed by these. */
  async function push({ clientId, redirectUri }: TestPortal, assertion: string, object?: string) {
    const exp = Math.floor(Date.now() / 1000) + 121
    const claims = { iss: clientId, sub: clientId, aud: server.issuer, exp, jti: randomUUID() }
    const parameters = {
      client_id: clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: redirectUri,
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    }
    const request = object && (await sign({ ...parameters, ...claims, nbf: exp - 60 }, object))
    const body = new URLSearchParams({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await sign(claims, assertion),
      ...(request === undefined ? parameters : { client_id: clientId, request }),
    })
    const answer = await fetch(`${server.issuer}/par`, { method: 'POST', body })
    return { status: answer.status, ...((await answer.json()) as { error?: string; error_description?: string }) }
  }

  it.each([
    ['a client assertion', 'RS256', undefined, 'invalid_client'],
    ['a request object', 'ES256', 'RS256', 'invalid_request_object'],
    ['both', 'RS256', 'RS256', 'invalid_client'],
  ])('%s', async (_what, assertion, object, error) => {
    expect(await push(await signer(undefined), assertion, object)).toMatchObject({ error })
  })

  it('a key that is registered for RS256', async () => {
    expect(await push(await signer('RS256'), 'RS256')).toMatchObject({ error: 'invalid_client' })
  })

  it.each(['PS256', 'ES256', 'EdDSA'])('%s is taken for both', async (alg) => {
    expect(await push(await signer(undefined), alg)).toMatchObject({ status: 201 })
    expect(await push(await signer(undefined), alg, alg)).toMatchObject({ status: 201 })
  })

  it('another portal may use it', async () => {
    const jwks = { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' }] }
    const usual = await registerPortal(services, { auth_method: 'private_key_jwt', jwks })
    expect(await push(usual, 'RS256', 'RS256')).toMatchObject({ status: 201 })
  })
})
