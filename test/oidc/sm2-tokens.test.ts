import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawOfDer, readSm2PublicKey, sm2PublicJwk, verifySm2 } from '../../src/keys/guomi/sm2.ts'
import { addTokenKeys, openTokenKeys, retireTokenKeys } from '../../src/keys/token-keys.ts'
import type { Services } from '../../src/services.ts'
import { inLongRun } from '../setup/long-run.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { rawPortal, type Tokens } from '../setup/raw-portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const sm2 = 'SGD_SM3_SM2'
const api = 'https://licences.example.gov.cn/'
const directory = mkdtempSync(join(tmpdir(), 'yideng-resources-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let server: RunningServer
let services: Services
beforeAll(async () => {
  const file = join(directory, 'resources.json')
  const words = { 'zh-CN': '读', en: 'Read' }
  writeFileSync(file, JSON.stringify({ [api]: { name: words, scopes: { read: words }, matters: {} } }))
  server = await startServer({ YIDENG_RESOURCES: file })
  services = await server.services()
})

type Portal = Awaited<ReturnType<typeof rawPortal>>
const keysAt = async (path: string) => (await (await fetch(`${server.issuer}${path}`)).json()) as JSONWebKeySet

/** Whether a published key of `/jwks-gm` signed it, and how the signature is written. */
async function sm2Encoding(jwt: string): Promise<'raw' | 'der' | 'wrong'> {
  const [header, payload, signature = ''] = jwt.split('.')
  const { keys } = await keysAt('/jwks-gm')
  const key = keys.find(({ kid }) => kid === decodeProtectedHeader(jwt).kid)
  const bytes = Buffer.from(signature, 'base64url')
  const raw = bytes.length === 64 ? bytes : rawOfDer(bytes)
  if (!key || !raw) return 'wrong'
  const isSigned = await verifySm2(readSm2PublicKey(sm2PublicJwk.parse(key)), Buffer.from(`${header}.${payload}`), raw)
  return isSigned ? (bytes.length === 64 ? 'raw' : 'der') : 'wrong'
}

const algorithmOf = (jwt = '') => decodeProtectedHeader(jwt).alg

/** The algorithm that verifies a token under the published keys. */
async function verified(jwt: string): Promise<string> {
  const alg = String(algorithmOf(jwt))
  if (alg === sm2) return (await sm2Encoding(jwt)) === 'wrong' ? 'wrong' : sm2
  const set = await keysAt('/jwks')
  await jwtVerify(jwt, createLocalJWKSet(set))
  return alg
}

async function signedIn(portal: Portal, more: Record<string, string> = {}) {
  const visitor = new Visitor(server.issuer)
  const person = await openPerson(services)
  const begun = portal.begin(more)
  const page = await signIn(visitor, await visitor.get(begun.url), person.username)
  return { visitor, person, tokens: await begun.finish(page) }
}

describe('the published keys', () => {
  it('/jwks-gm has the keys of SM2 alone, /jwks has none of them, and the metadata names both', async () => {
    const metadata = await keysAt('/.well-known/openid-configuration')
    expect(metadata).toMatchObject({ jwks_uri: `${server.issuer}/jwks`, gm_jwks_uri: `${server.issuer}/jwks-gm` })
    expect(Reflect.get(metadata, 'id_token_signing_alg_values_supported')).toEqual(['ES256', 'RS256', sm2])
    const [gm, others] = [await keysAt('/jwks-gm'), await keysAt('/jwks')]
    const key = { kty: 'EC', crv: 'SM2-P-256', use: 'sig', alg: sm2, kid: expect.any(String) }
    expect(gm.keys).toEqual([
      { ...key, x: expect.stringMatching(/^[\w-]{43}$/), y: expect.stringMatching(/^[\w-]{43}$/) },
    ])
    expect(new Set(others.keys.map(({ alg }) => alg))).toEqual(new Set(['ES256', 'RS256']))
    expect(JSON.stringify(others)).not.toContain('SM2')
  })

  it('/jwks-gm is cached like /jwks and answers no other method', async () => {
    const first = await fetch(`${server.issuer}/jwks-gm`)
    expect(first.headers.get('content-type')).toBe('application/jwk-set+json; charset=utf-8')
    expect(first.headers.get('cache-control')).toBe('public, max-age=300')
    const etag = first.headers.get('etag') ?? ''
    expect((await fetch(`${server.issuer}/jwks-gm`, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(`${server.issuer}/jwks-gm`, { method: 'POST' })).status).toBe(404)
  })
})

describe.each(['raw', 'der'] as const)('a portal with SM2, signatures in %s', (encoding) => {
  let portal: Portal
  beforeAll(async () => {
    portal = await rawPortal(services, { id_token_alg: sm2, sm2_signature: encoding, resources: [api] })
  })

  it('ID tokens, also after a refresh, with the hash of SM3 over the access token', async () => {
    const { tokens } = await signedIn(portal)
    const claims = decodeJwt(tokens.id_token ?? '')
    expect(claims).toMatchObject({ iss: server.issuer, aud: portal.id, nonce: expect.any(String) })
    expect(Number(claims.exp)).toBeGreaterThan(Number(claims.iat))
    const half = hash('sm3', tokens.access_token ?? '', 'buffer')
      .subarray(0, 16)
      .toString('base64url')
    expect(claims['at_hash']).toBe(half)
    const again = await portal.refresh(tokens.refresh_token ?? '')
    for (const jwt of [tokens.id_token, again.id_token]) expect(await sm2Encoding(jwt ?? '')).toBe(encoding)
  })

  it('JWT access tokens; introspection and revocation know them', async () => {
    const { tokens } = await signedIn(portal, { resource: api, scope: 'openid offline_access read' })
    const { access_token: jwt = '' } = await portal.refresh(tokens.refresh_token ?? '', {
      resource: api,
      scope: 'read',
    })
    expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: sm2, typ: 'at+jwt' })
    expect(await sm2Encoding(jwt)).toBe(encoding)
    const known = await portal.post('/introspect', { token: jwt })
    expect(known).toEqual({ ...decodeJwt(jwt), active: true, token_type: 'Bearer' })
    const [header, payload, signature = ''] = jwt.split('.')
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(jwt), scope: 'read write' })).toString('base64url')
    for (const forged of [
      `${header}.${other}.${signature}`,
      `${header}.${payload}.${signature.slice(4)}AAAA`,
      `${jwt}=`,
    ])
      expect(await portal.post('/introspect', { token: forged })).toEqual({ active: false })
    expect(await portal.post('/introspect', { token: tokens.id_token ?? '' }), 'no access token').toEqual({
      active: false,
    })
    await portal.post('/revoke', { token: jwt })
    expect(await portal.post('/introspect', { token: jwt })).toEqual({ active: false })
  })

  it('logout tokens', async () => {
    const { visitor } = await signedIn(portal)
    portal.logoutTokens.length = 0
    await visitor.submit(await visitor.get('/logout'), '/logout/confirm', { logout: 'yes' })
    await until(async () => portal.logoutTokens.length > 0)
    const [jwt = ''] = portal.logoutTokens
    expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: sm2, typ: 'logout+jwt' })
    expect(await sm2Encoding(jwt)).toBe(encoding)
    const { iat = 0, exp = 0, ...claims } = decodeJwt(jwt)
    expect(claims).toMatchObject({
      iss: server.issuer,
      aud: portal.id,
      sid: expect.any(String),
      jti: expect.any(String),
    })
    expect(exp - iat).toBe(120)
  })

  it('its ID token is a hint at sign-out and at sign-in; a forged one is not', async () => {
    const { visitor, tokens } = await signedIn(portal)
    const hint = tokens.id_token ?? ''
    const silent = portal.begin({ prompt: 'none', id_token_hint: hint })
    expect(await silent.finish(await visitor.get(silent.url))).toHaveProperty('id_token')
    const [header, payload, signature] = hint.split('.')
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(hint), sub: 'another' })).toString('base64url')
    for (const forged of [`${header}.${other}.${signature}`, `${header}.${payload}.AAAA`, `${header}.${payload}.`]) {
      const begun = portal.begin({ prompt: 'none', id_token_hint: forged })
      const { leads } = await visitor.get(begun.url)
      expect(leads?.searchParams.get('error')).toBe('invalid_request')
      const at = new URLSearchParams({ id_token_hint: forged, post_logout_redirect_uri: portal.afterLogout })
      expect((await visitor.get(`/logout?${at.toString()}`)).html).toContain('核对不了是哪个门户')
    }
    const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: portal.afterLogout })
    const page = await visitor.get(`/logout?${query.toString()}`)
    const after = page.leads ? page : await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(after.leads?.href).toBe(portal.afterLogout)
  })
})

describe('one portal never has two algorithms', () => {
  const algorithms = ['ES256', 'RS256', 'SGD_SM3_SM2'] as const
  const acts = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('sign in', 'refresh', 'access token', 'service') },
    { weight: 1, arbitrary: fc.constantFrom('sign out', 'rotate', 'retire') },
    { weight: 2, arbitrary: fc.constantFrom(...algorithms) },
  )

  it('over updates, refreshes, sign-outs, rotations and retirements', { timeout: 600_000 }, async () => {
    const { settings } = services
    const change = (portal: Portal, id_token_alg: (typeof algorithms)[number]) =>
      services.clients.update(portal.id, { id_token_alg }, 'administrator:test')
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 4, maxLength: 12 }), async (sequence) => {
        const portal = await rawPortal(services, { id_token_alg: sm2, resources: [api] })
        const service = await rawPortal(services, {
          type: 'service',
          redirect_uris: [],
          post_logout_redirect_uris: [],
          backchannel_logout_uri: undefined,
          scope: 'openid',
          id_token_alg: sm2,
          resources: [api],
        })
        let now: string = sm2
        const person = await openPerson(services)
        let visitor = new Visitor(server.issuer)
        let held: Tokens | undefined
        const ofServices = async () => {
          const asked = { grant_type: 'client_credentials', resource: api, scope: 'read' }
          return String((await service.post('/token', asked))['access_token'])
        }
        const ofAccess = (alg: unknown) => (alg === sm2 ? sm2 : 'ES256')
        /** The algorithm of an answer: all its tokens must agree. */
        const algorithmIn = async ({ id_token = '', access_token = '' }: Tokens) => {
          const alg = await verified(id_token)
          if (access_token.includes('.')) expect(await verified(access_token)).toBe(ofAccess(alg))
          return alg
        }
        const enter = async () => {
          const begun = portal.begin({ resource: api, scope: 'openid offline_access read' })
          const page = await visitor.get(begun.url)
          held = await begun.finish(page.leads ? page : await signIn(visitor, page, person.username))
          return algorithmIn(held)
        }
        for (const act of sequence) {
          if (act === 'sign in') expect(await enter()).toBe(now)
          if (act === 'service') expect(await verified(await ofServices())).toBe(ofAccess(now))
          if (act === 'refresh' || act === 'access token') {
            if (!held) await enter()
            const asked = act === 'refresh' ? {} : { resource: api, scope: 'read' }
            const tokens = await portal.refresh(held?.refresh_token ?? '', asked)
            expect(tokens.error).toBeUndefined()
            if (tokens.id_token) expect(await algorithmIn(tokens)).toBe(now)
            else expect(await verified(tokens.access_token ?? '')).toBe(ofAccess(now))
            held = tokens
          }
          if (act === 'sign out' && held) {
            portal.logoutTokens.length = 0
            await visitor.submit(await visitor.get('/logout'), '/logout/confirm', { logout: 'yes' })
            await until(async () => portal.logoutTokens.length > 0)
            expect(await verified(portal.logoutTokens[0] ?? '')).toBe(now)
            visitor = new Visitor(server.issuer)
            held = undefined
          }
          if (act === 'rotate') {
            const added = addTokenKeys(settings, Date.now, Date.now())
            await services.keysChanged()
            await until(async () => {
              const published = [...(await keysAt('/jwks-gm')).keys, ...(await keysAt('/jwks')).keys]
              const kids = new Set(published.map(({ kid }) => kid))
              return added.every((kid) => kids.has(kid))
            })
          }
          if (act === 'retire') {
            const newest = new Set(
              algorithms.map((alg) => openTokenKeys(settings, Date.now).findLast((key) => key.alg === alg)?.kid),
            )
            const old = openTokenKeys(settings, Date.now).filter(({ kid }) => !newest.has(kid))
            retireTokenKeys(settings, Date.now, new Set(old.map(({ kid }) => kid)))
            await services.keysChanged()
            await until(async () => (await keysAt('/jwks-gm')).keys.length === 1)
          }
          const alg = algorithms.find((one) => one === act)
          if (alg) {
            for (const one of [portal, service]) expect((await change(one, alg))?.ok).toBe(true)
            now = alg
            await until(async () => (await enter()) === alg)
            await until(async () => algorithmOf(await ofServices()) === ofAccess(alg))
          }
        }
      }),
      { numRuns: inLongRun(4, 60) },
    )
  })
})
