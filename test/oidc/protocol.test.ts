import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

describe('the protocol', () => {
  it.each([
    ['client_secret_post', () => oidc.ClientSecretPost],
    ['client_secret_basic', () => oidc.ClientSecretBasic],
  ] as const)('authenticates a portal by %s', async (auth_method, authentication) => {
    const portal = await registerPortal(services, { auth_method, consent: 'implicit' }, authentication())
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    expect(tokens.id_token).toBeTypeOf('string')
  })

  it('authenticates a portal by private_key_jwt', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const jwks = { keys: [{ kty, crv, x, y, alg: 'ES256', kid: 'one' }] }
    const registered = await registerPortal(services, {
      type: 'service',
      redirect_uris: [],
      auth_method: 'private_key_jwt',
      jwks,
    })
    const configuration = await oidc.discovery(
      new URL(server.issuer),
      registered.clientId,
      { id_token_signed_response_alg: 'ES256' },
      oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }),
      { execute: [oidc.allowInsecureRequests] },
    )
    const tokens = await oidc.clientCredentialsGrant(configuration)
    expect(tokens.access_token).toBeTypeOf('string')

    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const { clientId: id } = registered
    const claims = { iss: id, sub: id, aud: server.issuer, jti: 'a', iat: now, exp: now + 60 }
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${part({ alg: 'none', kid: 'one' })}.${part(claims)}.`,
    })
    expect((await fetch(`${server.issuer}/token`, { method: 'POST', body })).status, 'unsigned').toBe(401)
  })

  it('takes pushed authorization requests', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const verifier = oidc.randomPKCECodeVerifier()
    const url = await oidc.buildAuthorizationUrlWithPAR(portal.configuration, {
      redirect_uri: portal.redirectUri,
      scope: 'openid',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const page = await signIn(visitor, await visitor.get(url), person.username)
    const tokens = await oidc.authorizationCodeGrant(portal.configuration, page.leads ?? url, {
      pkceCodeVerifier: verifier,
    })
    expect(tokens.id_token).toBeTypeOf('string')
  })

  it('signs RS256 for a portal that asks, verified by JWKS', async () => {
    const { tokens, portal } = await signedIn(services, { id_token_alg: 'RS256', consent: 'implicit' })
    const jwks = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
    const { protectedHeader } = await jwtVerify(tokens.id_token ?? '', jwks, { audience: portal.clientId })
    expect(protectedHeader.alg).toBe('RS256')
  })

  it('takes a challenge by S256 only', async () => {
    const portal = await registerPortal(services)
    const visitor = new Visitor(server.issuer)
    for (const change of [{ code_challenge_method: 'plain' }, { code_challenge_method: '' }]) {
      const { url } = await portal.begin(change)
      const page = await visitor.get(url)
      expect(page.leads?.searchParams.get('error'), JSON.stringify(change)).toBe('invalid_request')
    }
  })

  it('supports only the code flow, only signed answers, and no password grant', async () => {
    const portal = await registerPortal(services, { auth_method: 'client_secret_post' }, (given) =>
      oidc.ClientSecretPost(given),
    )
    const visitor = new Visitor(server.issuer)
    for (const response_type of ['token', 'id_token', 'code id_token', 'none']) {
      const { leads } = await visitor.get((await portal.begin({ response_type })).url)
      const told = new URLSearchParams(leads?.hash.slice(1) || leads?.search)
      expect([told.get('error'), told.get('iss')], response_type).toEqual(['unsupported_response_type', server.issuer])
    }
    for (const grant of ['password', 'implicit']) {
      const asked = oidc.genericGrantRequest(portal.configuration, grant, { username: 'a', password: 'b' })
      await expect(asked, grant).rejects.toMatchObject({ error: 'unsupported_grant_type' })
    }
    expect(portal.configuration.serverMetadata()).toMatchObject({
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['ES256', 'RS256', 'SGD_SM3_SM2'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
    })
  })

  it('redeems no code for a browser that did not begin the login', async () => {
    const { portal, visitor } = await signedIn(services, { consent: 'implicit' })
    const stolen = await visitor.get((await portal.begin()).url)
    const injected = oidc.authorizationCodeGrant(portal.configuration, stolen.leads ?? stolen.url, {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.skipStateCheck,
    })
    await expect(injected).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('uses a code once, and revokes its tokens when it is used again', async () => {
    const { portal, visitor } = await signedIn(services, { consent: 'implicit' })
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    const tokens = await begun.finish(page)
    await expect(begun.finish(page)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(
      oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).rejects.toMatchObject({ status: 401 })
  })

  it('redeems a code for exactly one of many parallel requests', async () => {
    const { portal, visitor } = await signedIn(services, { consent: 'implicit' })
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => begun.finish(page)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  })

  it('introspects and revokes', async () => {
    const { portal, tokens } = await signedIn(services)
    const stranger = await registerPortal(services)
    expect(await oidc.tokenIntrospection(portal.configuration, tokens.access_token)).toMatchObject({ active: true })
    expect(await oidc.tokenIntrospection(stranger.configuration, tokens.access_token)).toEqual({ active: false })
    await oidc.tokenRevocation(portal.configuration, tokens.access_token)
    expect(await oidc.tokenIntrospection(portal.configuration, tokens.access_token)).toEqual({ active: false })
  })

  it('binds tokens to a DPoP key', async () => {
    const portal = await registerPortal(services, { consent: 'implicit' })
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), person.username)
    void page
    const DPoP = oidc.getDPoPHandle(portal.configuration, await oidc.randomDPoPKeyPair('ES256'))
    const again = await portal.begin()
    const returned = await visitor.get(again.url)
    expect(returned.leads).toBeDefined()
    const verifier = oidc.randomPKCECodeVerifier()
    const bound = await visitor.get(
      oidc.buildAuthorizationUrl(portal.configuration, {
        redirect_uri: portal.redirectUri,
        scope: 'openid',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )
    const tokens = await oidc.authorizationCodeGrant(
      portal.configuration,
      bound.leads ?? bound.url,
      { pkceCodeVerifier: verifier },
      undefined,
      { DPoP },
    )
    expect(tokens.token_type).toBe('dpop')
    await expect(
      oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).rejects.toBeDefined()
  })
})
