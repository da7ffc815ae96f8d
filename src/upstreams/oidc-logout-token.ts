import { jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { subject } from './identity.ts'
import type { Discovered } from './oidc-discovery.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
/** Signed by a key pair only: a thief of a shared secret could end sessions. */
const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519']
/** Seconds after which a token no longer counts; its `jti` is remembered longer (sessions/upstream-sessions.ts). */
export const logoutTokenSeconds = 300
const clockTolerance = 30

const claims = z
  .object({
    jti: z.string().min(1).max(255),
    sub: subject.optional(),
    sid: z.string().min(1).max(255).optional(),
    events: z.record(z.string(), z.unknown()),
    nonce: z.never().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined)
  .refine(({ events }) => Object.hasOwn(events, event) && isObject(events[event]))

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6): signature, issuer, audience, age, event, no nonce.
 * @returns undefined for a token that is not right
 */
export async function readLogoutToken(
  token: string,
  { keys, metadata, clientId, clock }: Pick<Discovered, 'keys' | 'metadata'> & { clientId: string; clock: Clock },
): Promise<{ subject?: string | undefined; sid?: string | undefined; jti: string } | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms,
      issuer: metadata.issuer,
      audience: clientId,
      maxTokenAge: logoutTokenSeconds,
      requiredClaims: ['iat', 'jti', 'events'],
      clockTolerance,
      currentDate: new Date(clock()),
    })
    // another token of the same provider, such as an ID token, is none (2.4: explicit type where it is there)
    const { typ = 'logout+jwt' } = protectedHeader
    const read = claims.safeParse(payload)
    if (!read.success || !/^(application\/)?(logout\+)?jwt$/i.test(typ)) return undefined
    const { sub, sid, jti } = read.data
    return { subject: sub, sid, jti }
  } catch {
    // the keys could not be read either: the provider sends the token again
    return undefined
  }
}
