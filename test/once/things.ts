import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import type { Services } from '../../src/services.ts'
import { password } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import type { RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

export interface World {
  server: RunningServer
  services: Services
}

interface Prepared {
  /** Uses it; returns whether that succeeded. */
  use(turn: number): Promise<boolean>
  /** Further checks after concurrent uses. */
  after?(): Promise<void>
}

export interface OneTimeThing {
  what: string
  /** The file under src/ whose write to the store makes it one-time. */
  where: string
  prepare(world: World): Promise<Prepared>
  /** No use may succeed at all, because a second scan ends both. */
  orNone?: true
  rounds?: number
}

/** Number of concurrent uses. */
export const atOnce = 8

export const form = (url: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })

/** A copy of a browser, so that each use follows its own redirects. */
export function copyOf(visitor: Visitor, issuer: string): Visitor {
  const copy = new Visitor(issuer)
  copy.cookies = [...visitor.cookies]
  return copy
}

export const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
export const hasCode = (page: Page) => page.leads?.searchParams.has('code') === true

/** A key of a client, with signing functions. */
export async function clientKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }
  const signed = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    new SignJWT({ jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .setIssuedAt()
      .sign(privateKey)
  const proof = (method: string, url: string, more: Record<string, unknown> = {}) => {
    const { kty, crv, x, y } = jwk
    return signed({ htm: method, htu: url, ...more }, { typ: 'dpop+jwt', jwk: { kty, crv, x, y } })
  }
  return { jwk, signed, proof, thumbprint: await calculateJwkThumbprint(jwk) }
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A portal with private_key_jwt, and the fields of a request with one assertion. */
export async function assertionAt({ server, services }: World, overrides: Parameters<typeof registerPortal>[1] = {}) {
  const key = await clientKey()
  const jwks = { keys: [key.jwk] }
  const portal = await registerPortal(services, { auth_method: 'private_key_jwt', jwks, ...overrides })
  const id = portal.clientId
  const exp = Math.floor(Date.now() / 1000) + 60
  const client_assertion = await key.signed({ iss: id, sub: id, aud: server.issuer, exp })
  return { portal, fields: { client_id: id, client_assertion_type: assertionType, client_assertion } }
}

/** A public client, and a signed-in person who gets codes for it. */
export async function publicClient({ server, services }: World) {
  const portal = await registerPortal(services, { type: 'spa', scope: 'openid profile', consent: 'implicit' })
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  await signIn(visitor, await visitor.get((await portal.begin()).url), person.username)
  const code = async () => {
    const verifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const { leads } = await visitor.get((await portal.begin({ code_challenge: challenge })).url)
    return {
      client_id: portal.clientId,
      grant_type: 'authorization_code',
      redirect_uri: portal.redirectUri,
      code: leads?.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
  }
  return { portal, visitor, code }
}

/** A login after its password, before its resume. */
export async function proven(world: World) {
  const { server, services } = world
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get((await portal.begin()).url)
  const fields = { csrf: csrfOf(page), identifier: person.username, password }
  const answer = await visitor.only('POST', `${page.url.pathname}/password`, fields)
  return { visitor, person, resume: answer.leads?.href ?? '', page }
}
