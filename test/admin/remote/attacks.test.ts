import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { describe, expect, it } from 'vitest'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { administered, administrator, answered, letIn, type LetIn } from '../../setup/administrator.ts'
import { signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { Visitor } from '../../setup/visitor.ts'

const { server, services, boss, cli } = await administered()

const path = '/admin/v1/client/list'
const now = () => Math.floor(Date.now() / 1000)

interface Crafted {
  token?: string
  keys?: LetIn['keys']
  claims?: Record<string, unknown>
  typ?: string
  scheme?: string
  jti?: string
  proof?: string | null
}

/** A call with a hand-made DPoP proof. */
async function crafted({ token = cli.tokens.access_token, keys = cli.keys, ...given }: Crafted = {}) {
  const ath = createHash('sha256').update(token).digest('base64url')
  const claims = { htm: 'POST', htu: `${server.issuer}${path}`, ath, iat: now(), jti: given.jti ?? randomUUID() }
  const made = await new SignJWT({ ...claims, ...given.claims })
    .setProtectedHeader({ alg: 'ES256', typ: given.typ ?? 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
    .sign(keys.privateKey)
  const proof = given.proof === undefined ? made : given.proof
  return answered(
    await fetch(`${server.issuer}${path}`, {
      method: 'POST',
      body: '{}',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `${given.scheme ?? 'DPoP'} ${token}`,
        ...(proof === null ? {} : { dpop: proof }),
      },
    }),
  )
}

describe('a call without full proof is refused', () => {
  it('while a call with proof is answered', async () => {
    expect(await crafted()).toMatchObject({ status: 200 })
  })

  it.each<[string, () => Promise<Crafted>]>([
    ['no proof', async () => ({ proof: null })],
    ['a broken proof', async () => ({ proof: 'e30.e30.e30' })],
    ['the token as a bearer token', async () => ({ scheme: 'Bearer' })],
    ['a token of nobody', async () => ({ token: 'x'.repeat(43) })],
    ['another key', async () => ({ keys: await oidc.randomDPoPKeyPair() })],
    ['another method', async () => ({ claims: { htm: 'GET' } })],
    ['another address', async () => ({ claims: { htu: `${server.issuer}/admin/v1/client/delete` } })],
    ['another server', async () => ({ claims: { htu: `https://evil.example${path}` } })],
    ['the hash of another token', async () => ({ claims: { ath: 'x'.repeat(43) } })],
    ['an old proof', async () => ({ claims: { iat: now() - 120 } })],
    ['a proof of tomorrow', async () => ({ claims: { iat: now() + 120 } })],
    ['no jti', async () => ({ claims: { jti: undefined } })],
    ['a token that is no proof', async () => ({ typ: 'JWT' })],
  ])('%s', async (_what, make) => {
    const answer = await crafted(await make())
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_/)
    expect(answer.body).not.toHaveProperty('document')
  })

  it('a replayed proof', async () => {
    const jti = randomUUID()
    expect(await crafted({ jti })).toMatchObject({ status: 200 })
    expect(await crafted({ jti })).toMatchObject({ status: 401 })
  })

  it('a token of a portal, which cannot request the scope', async () => {
    const portal = await registerPortal(services, { consent: 'implicit', scope: 'openid qr' }, undefined)
    const keys = await oidc.randomDPoPKeyPair()
    const DPoP = oidc.getDPoPHandle(portal.configuration, keys)
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), boss.username)
    const tokens = await begun.finish(page, { DPoP })
    const answer = await crafted({ token: tokens.access_token, keys })
    expect(answer).toMatchObject({ status: 403, body: { title: 'insufficient_scope' } })
    const refused = await visitor.get((await portal.begin({ scope: 'openid admin' })).url)
    expect(refused.leads?.searchParams.get('error')).toBe('invalid_scope')
    await expect(oidc.initiateDeviceAuthorization(portal.configuration, { scope: 'openid' })).rejects.toThrow()
  })
})

describe('tokens', () => {
  const patched = async (kind: string, id: string, change: Record<string, unknown>) => {
    const artifacts = openSqliteArtifacts(join(server.dataDir, 'artifacts.sqlite'), Date.now)
    const key = createHash('sha256').update(id).digest('base64url')
    const value = (await artifacts.get(kind, key)) ?? ''
    const payload = JSON.parse(value) as Record<string, unknown>
    await artifacts.compareAndSet(kind, key, value, JSON.stringify({ ...payload, ...change }))
    await artifacts.close()
  }

  it('end, and are renewed only with the key', async () => {
    const { config, keys, DPoP, tokens, call } = await letIn(server, await administrator(server, services))
    expect(tokens.expires_in).toBe(600)
    await patched('AccessToken', tokens.access_token, { exp: now() - 60 })
    expect(await call('client/list')).toMatchObject({ status: 401 })
    const refresh = tokens.refresh_token ?? ''
    const stranger = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    await expect(oidc.refreshTokenGrant(config, refresh, {}, { DPoP: stranger })).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(oidc.refreshTokenGrant(config, refresh)).rejects.toMatchObject({ error: 'invalid_grant' })
    const renewed = await oidc.refreshTokenGrant(config, refresh, {}, { DPoP })
    expect(renewed.refresh_token).not.toBe(refresh)
    expect(await crafted({ token: renewed.access_token, keys })).toMatchObject({ status: 200 })
    await patched('RefreshToken', refresh, { consumed: now() - 60 })
    await expect(oidc.refreshTokenGrant(config, refresh, {}, { DPoP })).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(await crafted({ token: renewed.access_token, keys }), 'the family is gone').toMatchObject({ status: 401 })
  })

  it('of another client are refused with any scope', async () => {
    const { keys, tokens } = await letIn(server, await administrator(server, services))
    await patched('AccessToken', tokens.access_token, { clientId: 'yideng-account' })
    expect(await crafted({ token: tokens.access_token, keys })).toMatchObject({ status: 401 })
  })

  it('of one command line end when it signs out; all end with the session of the browser', async () => {
    const admin = await administrator(server, services)
    const [one, other] = [await letIn(server, admin), await letIn(server, admin)]
    await oidc.tokenRevocation(one.config, one.tokens.refresh_token ?? '')
    expect(await one.call('client/list')).toMatchObject({ status: 401 })
    await expect(
      oidc.refreshTokenGrant(one.config, one.tokens.refresh_token ?? '', {}, { DPoP: one.DPoP }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    expect(await other.call('client/list')).toMatchObject({ status: 200 })
    const renewed = await oidc.refreshTokenGrant(
      other.config,
      other.tokens.refresh_token ?? '',
      {},
      { DPoP: other.DPoP },
    )
    const third = await letIn(server, admin)
    await admin.visitor.submit(await admin.visitor.get('/logout'), '/logout/confirm', { logout: 'yes' })
    for (const { keys, tokens } of [third, { ...other, tokens: renewed }]) {
      expect(await crafted({ token: tokens.access_token, keys })).toMatchObject({ status: 401 })
      // a refresh token may outlive the session, but its access tokens are refused
      const DPoP = oidc.getDPoPHandle(other.config, keys)
      const late = await oidc.refreshTokenGrant(other.config, tokens.refresh_token ?? '', {}, { DPoP })
      expect(await crafted({ token: late.access_token, keys })).toMatchObject({ status: 401 })
    }
  })
})
