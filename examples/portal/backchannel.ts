import { createRemoteJWKSet, jwtVerify } from 'jose'
import { lazily } from '../lazily.ts'
import { Kept } from './session.ts'

/** The ended session; without `sid` every session of this person. */
export interface Ended {
  sid?: string
  sub?: string
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const longestSeconds = 600

/** Returns a verifier of logout tokens (OIDC Back-Channel Logout 1.0 section 2.6), which throws for an invalid token. */
export function createLogoutReceiver(expected: {
  issuer: string
  clientId: string
  jwksUri: () => Promise<string>
}): (logoutToken: string) => Promise<Ended> {
  const keys = lazily(async () => createRemoteJWKSet(new URL(await expected.jwksUri())))
  const used = new Kept<true>({ seconds: longestSeconds * 2 })

  return async (logoutToken) => {
    const { payload } = await jwtVerify(logoutToken, await keys(), {
      issuer: expected.issuer,
      audience: expected.clientId,
      algorithms: ['RS256'],
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
      maxTokenAge: longestSeconds,
      clockTolerance: 30,
    })
    const { sid, sub, jti, events, nonce } = payload
    if (typeof events !== 'object' || events === null || !(logoutEvent in events)) {
      throw new Error('events does not say that this is a logout')
    }
    // A token with a nonce is an ID token, misused as a logout token.
    if (nonce !== undefined) throw new Error('there is a nonce')
    if (sid !== undefined && typeof sid !== 'string') throw new Error('sid is not a string')
    if (sid === undefined && sub === undefined) throw new Error('there is neither sid nor sub')
    if (typeof jti !== 'string' || used.get(jti)) throw new Error('jti was used before')
    used.put(jti, true)
    return { ...(sid === undefined ? {} : { sid }), ...(sub === undefined ? {} : { sub }) }
  }
}
