import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { sealedAsGenuine } from '../setup/sealed.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let services: Services
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
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
      await sealedAsGenuine(services)
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
    const exp = Math.floor(Date.now() / 1000) + 60
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
