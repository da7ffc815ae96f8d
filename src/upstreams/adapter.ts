import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose'
import { isAmong } from '../accounts/constant-time.ts'
import { acrOf } from '../assurance/levels.ts'
import { readAdapterKey } from './adapter-key.ts'
import { readIdentity } from './identity.ts'
import { callbackOf, type KindDeps } from './kind-deps.ts'
import { withParameters } from './upstream-call.ts'
import type { UpstreamAnswer, UpstreamClient, UpstreamFailure, UpstreamStep } from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'
import { within } from './within.ts'

/** `typ` of both messages (RFC 8725, 3.11): no other token of the same key counts as one. */
const requestType = 'yideng-upstream-request+jwt'
const responseType = 'yideng-upstream-response+jwt'

const requestSeconds = 300
/** The longest life of a response. */
const responseSeconds = 60
/** How far the clocks of two servers may differ. */
const clockSeconds = 10
const longestResponse = 16 * 1024

/** Where a response has the fields of a person, unless the row says otherwise. */
const usualClaims = {
  subject: 'sub',
  level: 'acr',
  name: 'claims.name',
  phone: 'claims.phone_number',
  documentType: 'claims.id_type',
  documentNumber: 'claims.id_number',
}

/** What an adapter says in place of a person. */
const refusals: Readonly<Record<string, UpstreamFailure>> = { access_denied: 'declined', unavailable: 'unavailable' }

/**
 * An adapter for a closed system: a signed message each way through the browser (docs/upstream-adapter.md). The nonce of the request
 * comes back signed, so a response counts for one step alone.
 * @throws SettingsError for a key that is none
 */
export function createAdapterUpstream(upstream: Upstream, { fetch, clock, issuer, sign }: KindDeps): UpstreamClient {
  const key = readAdapterKey(upstream)
  const { addresses, issuer: theirs = '' } = upstream
  const address = addresses?.adapter ?? ''
  const map = { ...upstream, claims: { ...usualClaims, ...upstream.claims } }

  async function requestUrl(step: UpstreamStep): Promise<URL> {
    const now = Math.floor(clock() / 1000)
    const request = {
      iss: issuer,
      aud: theirs,
      jti: step.state,
      attempt: createHash('sha256').update(step.verifier).digest('base64url'),
      nonce: nonceOf(step),
      iat: now,
      exp: now + requestSeconds,
      acr: acrOf(step.level),
      redirect_uri: step.callback,
    }
    return withParameters(address, { request: await sign(requestType, request) })
  }

  async function identify(step: UpstreamStep, response: string): Promise<UpstreamAnswer> {
    const payload = await verified(response)
    const { nonce, error } = payload ?? {}
    if (typeof nonce !== 'string' || !isAmong(nonce, [nonceOf(step)])) return { failure: 'answer_invalid' }
    if (error !== undefined) return { failure: failureOf(error) }
    const identity = readIdentity(map, payload, new Date(clock()))
    return identity ? { identity } : { failure: 'answer_invalid' }
  }

  async function verified(response: string): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(response, key.key, {
        algorithms: [key.alg],
        typ: responseType,
        issuer: theirs,
        currentDate: new Date(clock()),
        clockTolerance: clockSeconds,
        maxTokenAge: responseSeconds,
        requiredClaims: ['exp', 'iat', 'nonce'],
      })
      const { exp = Infinity, iat = 0, aud } = payload
      return aud === issuer && exp - iat <= responseSeconds ? payload : undefined
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }

  async function check(): Promise<Awaited<ReturnType<UpstreamClient['check']>>> {
    const fresh = () => randomBytes(20).toString('hex')
    const callback = callbackOf({ issuer }, upstream)
    const url = await requestUrl({ callback, state: fresh(), nonce: fresh(), verifier: fresh(), level: 2 })
    const { status } = await fetch(url, { method: 'GET' })
    if (status < 400) return { ok: true }
    return { ok: false, failure: status < 500 ? 'misconfigured' : 'unavailable' }
  }

  return {
    upstream,
    begin: async (step) => ({ url: (await requestUrl(step)).href }),
    stateOf: ({ response = '' }) => stateIn(response),
    identify: (step, { response = '' }) =>
      within(identify(step, response.slice(0, longestResponse))).catch(() => ({ failure: 'unavailable' })),
    check: () => within(check()).catch(() => ({ ok: false, failure: 'unavailable' })),
  }
}

/** One text names the step and proves it: an adapter has one value to give back. */
const nonceOf = ({ state, nonce }: UpstreamStep) => `${state}.${nonce}`

/** Not verified here: it only finds the step, whose nonce the signature must have. */
function stateIn(response: string): string {
  try {
    return String(decodeJwt(response.slice(0, longestResponse))['nonce']).split('.')[0] ?? ''
  } catch {
    return ''
  }
}

const failureOf = (error: unknown): UpstreamFailure =>
  (typeof error === 'string' && Object.hasOwn(refusals, error) && refusals[error]) || 'answer_invalid'
