import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

/** A portal with a key of this algorithm. `ask` is a request with its parameters in a signed object (RFC 9101). */
async function signer(alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg, kid: 'one', use: 'sig' }
  const portal = await registerPortal(services, {
    consent: 'implicit',
    scope: 'openid profile',
    auth_method: 'private_key_jwt',
    jwks: { keys: [jwk] },
  })
  return {
    portal,
    sign: (claims: JWTPayload, by: Key | Uint8Array = privateKey, as = alg) => signed(portal, claims, by, as),
  }
}

const signed = (portal: TestPortal, claims: JWTPayload, key: Key | Uint8Array, alg: string) =>
  new SignJWT({ iss: portal.clientId, aud: server.issuer, exp: Math.floor(Date.now() / 1000) + 60, ...claims })
    .setProtectedHeader({ alg, kid: 'one' })
    .sign(key)

/** Address with `request`, and only what OpenID Connect Core 6.1 wants beside it. */
function carrying(portal: TestPortal, request: string): string {
  const beside = {
    client_id: portal.clientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: portal.redirectUri,
  }
  return `/authorize?${new URLSearchParams({ ...beside, request }).toString()}`
}

async function answerTo(portal: TestPortal, request: string): Promise<string | null | undefined> {
  const { leads } = await new Visitor(server.issuer).get(carrying(portal, request))
  return leads?.searchParams.get('error')
}

describe('a signed request object', () => {
  it.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('signed with %s is the request, by GET and POST', async (alg) => {
    const { portal, sign } = await signer(alg)
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const parameters = async () => Object.fromEntries((await portal.begin({ state: 'inside' })).url.searchParams)
    const page = await visitor.get(carrying(portal, await sign(await parameters())))
    const { leads } = await signIn(visitor, page, person.username)
    expect(leads?.searchParams.get('state')).toBe('inside')
    expect(leads?.searchParams.get('code')).toBeTypeOf('string')

    const again = await visitor.post(carrying(portal, await sign(await parameters())).split('?')[0] ?? '', {
      client_id: portal.clientId,
      response_type: 'code',
      scope: 'openid',
      request: await sign(await parameters()),
    })
    expect(again.leads?.searchParams.get('code')).toBeTypeOf('string')
  })

  it('is refused unsigned, by the secret, by another key, for another server, and too late', async () => {
    const { portal, sign } = await signer('ES256')
    const inside = Object.fromEntries((await portal.begin()).url.searchParams)
    const { privateKey: other } = await generateKeyPair('ES256')
    const [, body] = (await sign(inside)).split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
    const flawed: Record<string, string> = {
      unsigned: none,
      secret: await sign(inside, new TextEncoder().encode('x'.repeat(32)), 'HS256'),
      'another key': await sign(inside, other),
      'another server': await sign({ ...inside, aud: 'https://op.example' }),
      'another portal': await sign({ ...inside, iss: 'another' }),
      'too late': await sign({ ...inside, exp: 1 }),
      'in itself': await sign({ ...inside, request: 'x' }),
      'no token': 'abc.def.ghi',
      null: 'bnVsbA.bnVsbA.x',
      empty: '..',
    }
    for (const [name, request] of Object.entries(flawed))
      expect(await answerTo(portal, request), name).toBe('invalid_request_object')
  })

  it('gets no claim, scope or size beyond what a plain request gets', async () => {
    const { portal, sign } = await signer('ES256')
    const inside = Object.fromEntries((await portal.begin()).url.searchParams)
    const table: [JWTPayload, string | null][] = [
      [{ claims: { id_token: { id_number: null } } }, 'invalid_request'],
      [{ claims: { userinfo: { phone_number: { essential: true } } } }, 'invalid_request'],
      [{ claims: JSON.stringify({ userinfo: { id_number: null } }) }, 'invalid_request'],
      [{ claims: { id_token: { acr: { values: 3 } } } }, 'invalid_request'],
      [{ claims: 5 }, 'invalid_request'],
      [{ claims: ['id_number'] }, 'invalid_request'],
      [{ scope: 'openid identity' }, 'invalid_scope'],
      [{ nonce: 'x'.repeat(2049) }, 'invalid_request'],
      [{ prompt: 'none' }, 'login_required'],
      [{ code_challenge: undefined, code_challenge_method: undefined, nonce: undefined }, 'invalid_request'],
    ]
    for (const [change, error] of table)
      expect(await answerTo(portal, await sign({ ...inside, ...change })), JSON.stringify(change)).toBe(error)
  })

  it('chooses response_mode and state, also for an error (OpenID Connect Core 6.1)', async () => {
    const { portal, sign } = await signer('ES256')
    const inside = Object.fromEntries((await portal.begin()).url.searchParams)
    const request = await sign({ ...inside, response_mode: 'form_post', state: 'within', prompt: 'none' })
    const page = await new Visitor(server.issuer).get(carrying(portal, request))
    expect(page.html).toContain('name="state" value="within"')
    expect(page.html).toContain('name="error" value="login_required"')
  })

  it('is in discovery with its algorithms, without `none`', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/openid-configuration`)
    const discovery = (await answer.json()) as Record<string, unknown>
    expect(discovery['request_parameter_supported']).toBe(true)
    expect(discovery['request_object_signing_alg_values_supported']).toEqual(
      expect.arrayContaining(['ES256', 'RS256', 'PS256']),
    )
    expect(discovery['request_object_signing_alg_values_supported']).not.toContain('none')
  })
})
