import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWK } from 'jose'
import type { Provider } from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Session, Sessions } from '../sessions/sessions.ts'

/** The caller of one of our own APIs. */
export interface Bearer {
  personId: string
  clientId: string
  session: Session
  /** Thumbprint of the key the token is bound to (RFC 9449 section 6). */
  keyThumbprint: string
}

/** Access tokens of our own APIs. Each is bound to a key, and the caller proves that key (DPoP, RFC 9449). */
export interface AccessTokens {
  /** @returns the caller, or the OAuth error code (RFC 6750 section 3.1, RFC 9449 section 7.1) */
  check(request: {
    authorization: string
    proof: string
    method: string
    url: string
    scope: string
  }): Promise<Bearer | 'invalid_token' | 'invalid_dpop_proof' | 'insufficient_scope'>
}

/** A proof may be this much older or newer than our clock. */
const proofSeconds = 60

export function createAccessTokens(options: {
  provider: Provider
  sessions: Sessions
  artifacts: Artifacts
  clock: Clock
}): AccessTokens {
  const { provider, sessions, artifacts, clock } = options

  /** The thumbprint of the key that signed this request. Undefined for an invalid proof. */
  async function thumbprintOf(request: { proof: string; method: string; url: string }, token: string) {
    const verified = await jwtVerify(request.proof, EmbeddedJWK, {
      algorithms: ['ES256', 'Ed25519', 'EdDSA'],
      typ: 'dpop+jwt',
    }).catch((error: unknown) => {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    })
    if (!verified) return undefined
    const { payload, protectedHeader } = verified
    const age = Math.abs(clock() / 1000 - (payload.iat ?? 0))
    const bound =
      payload['htm'] === request.method &&
      payload['htu'] === request.url &&
      payload['ath'] === createHash('sha256').update(token).digest('base64url')
    if (!bound || age > proofSeconds || typeof payload.jti !== 'string') return undefined
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk as JWK)
    const once = createHash('sha256').update(`${thumbprint}\0${payload.jti}`).digest('base64url')
    return (await artifacts.add('dpop-proof', once, '1', { ttl: 2 * proofSeconds })) ? thumbprint : undefined
  }

  return {
    async check(request) {
      const [, text] = /^DPoP ([\w.~+/-]+=*)$/i.exec(request.authorization) ?? []
      const token = text === undefined ? undefined : await provider.AccessToken.find(text)
      if (text === undefined || !token?.accountId || token.aud !== undefined || !token.jkt) return 'invalid_token'
      if ((await thumbprintOf(request, text)) !== token.jkt) return 'invalid_dpop_proof'
      if (!token.scopes.has(request.scope)) return 'insufficient_scope'
      // the session holds the assurance level of the person
      const session = token.sessionUid === undefined ? undefined : await sessions.find(token.sessionUid)
      if (session?.personId !== token.accountId || !token.clientId) return 'invalid_token'
      // the token may have been issued while its grant was being revoked
      if (!(await provider.Grant.find(token.grantId))) return 'invalid_token'
      return { personId: token.accountId, clientId: token.clientId, session, keyThumbprint: token.jkt }
    },
  }
}
