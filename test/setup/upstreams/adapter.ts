import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose'
import { startFake } from './fake-server.ts'
import type { FakePerson } from './tif.ts'

/** Yideng: its address may become known later. */
export interface Ours {
  issuer: string
  keySet: () => JSONWebKeySet | Promise<JSONWebKeySet>
}

/** An adapter whose every browser is the visitor. Tests change what it signs. */
export async function startAdapter(ours: Ours) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  let visitor: FakePerson | undefined
  let alterPayload: (payload: Record<string, unknown>) => Record<string, unknown> = (payload) => payload

  async function verified(request: string) {
    const expected = {
      algorithms: ['ES256'],
      typ: 'yideng-upstream-request+jwt',
      issuer: ours.issuer,
      audience: fake.url,
    }
    const { payload } = await jwtVerify(request, createLocalJWKSet(await ours.keySet()), expected)
    return payload
  }

  const sign = (payload: Record<string, unknown>) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'yideng-upstream-response+jwt' }).sign(privateKey)

  const fake = await startFake(async ({ path, given }) => {
    const payload = await verified(given.get('request') ?? '').catch(() => undefined)
    if (path !== '/adapter' || !payload) return { status: 400 }
    const iat = Math.floor(Date.now() / 1000)
    const common = { iss: fake.url, aud: ours.issuer, nonce: payload['nonce'], iat, exp: iat + 60 }
    const own = visitor ? { sub: visitor.subject, acr: visitor.level, claims: claimsOf(visitor) } : refused
    const back = new URL(String(payload['redirect_uri']))
    back.searchParams.set('response', await sign(alterPayload({ ...common, ...own })))
    return { status: 302, location: back.href }
  })
  return {
    ...fake,
    publicJwk: JSON.stringify(await exportJWK(publicKey)),
    verified,
    sign,
    /** The person of every browser that comes. */
    visitedBy: (person: FakePerson | undefined) => void (visitor = person),
    /** Changes what it signs, until `well`. */
    alterPayload: (alter: typeof alterPayload) => void (alterPayload = alter),
    well() {
      fake.well()
      alterPayload = (payload) => payload
    },
  }
}

const refused = { error: 'access_denied' }

const claimsOf = ({ name, number, phone }: FakePerson) => ({
  name,
  id_type: 'resident_id',
  id_number: number,
  phone_number: phone,
})

/** A row of YIDENG_UPSTREAMS for it. */
export const adapterRow = (adapter: { url: string }) => ({
  id: 'adapter',
  kind: 'adapter',
  name: '国家平台',
  issuer: adapter.url,
  addresses: { adapter: `${adapter.url}/adapter` },
  publicKeyFile: 'adapter-public',
  levels: { L2: 3 },
})
