import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

type Registration = Record<string, unknown>

let made = 0

async function service(registration: Registration) {
  made += 1
  const created = await services.clients.create(
    { name: `测试服务 ${made} 号`, type: 'service', redirect_uris: [], ...registration },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  return { id: created.client.id, secret: created.secret ?? '' }
}

/** All endpoints with client authentication. */
const endpoints = ['/token', '/par', '/introspect', '/revoke']

const ask = async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', token: 'x', ...fields })
  const answer = await fetch(server.issuer + path, { method: 'POST', body, headers })
  const { error } = (await answer.json().catch(() => ({}))) as { error?: string }
  return error
}

describe.each(endpoints)('at %s', (path) => {
  it('a secret is accepted only in the registered place', async () => {
    for (const auth_method of ['client_secret_basic', 'client_secret_post'] as const) {
      const { id, secret } = await service({ auth_method })
      const basic = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
      const told = {
        client_secret_basic: await ask(path, {}, basic),
        client_secret_post: await ask(path, { client_id: id, client_secret: secret }),
      }
      for (const [used, error] of Object.entries(told)) {
        if (used === auth_method) expect(error, `${auth_method} by ${used}`).not.toBe('invalid_client')
        else expect(error, `${auth_method} by ${used}`).toBe('invalid_client')
      }
    }
  })

  it('an assertion names this server only, and lives for minutes', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }
    const { id } = await service({ auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })
    const now = Math.floor(Date.now() / 1000)
    const send = async (change: Record<string, unknown>) => {
      const claims = { iss: id, sub: id, aud: server.issuer, exp: now + 60, jti: randomUUID(), ...change }
      const header = { alg: 'ES256', kid: 'one' }
      return ask(path, {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
      })
    }
    const right = [
      {},
      { aud: [server.issuer] },
      { aud: `${server.issuer}/token` },
      { aud: server.issuer + path },
      { exp: now + 300 },
    ]
    for (const change of right) expect(await send(change), JSON.stringify(change)).not.toBe('invalid_client')
    const wrong = [
      { aud: [server.issuer, 'https://other.example'] },
      { aud: [server.issuer, `${server.issuer}/token`] },
      { aud: 'https://other.example' },
      { aud: [] },
      { exp: now + 4000 },
      { exp: now + 315_360_000 },
      { exp: now - 60 },
      { jti: 7 },
      { jti: '' },
      { sub: 'another' },
      { iss: 'another' },
    ]
    for (const change of wrong) expect(await send(change), JSON.stringify(change)).toBe('invalid_client')
  })
})
