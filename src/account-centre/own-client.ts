import { createHash, randomBytes } from 'node:crypto'
import { acrOf, type Level } from '../assurance/levels.ts'
import { ownClientDefaults, type Client } from '../clients/client.ts'

/**
 * The account centre as a portal of our own: signing in, coming back and signing in again recently enough (`max_age`) are
 * the same for it as for everybody else. Its codes are never redeemed; the session alone is what it looks at.
 */
export const ownClientId = 'yideng-account'

export function ownClient(issuer: string): Client {
  return {
    ...ownClientDefaults,
    id: ownClientId,
    name: '我的一登账户',
    names: { en: 'your Yideng account' },
    type: 'web',
    redirect_uris: [`${issuer}/account/return`],
    scope: ['openid'],
    min_level: 2,
    subject_type: 'pairwise',
  }
}

/** Where a browser is sent to sign in for an address of the account centre: at most `maxAge` seconds ago, at least at `level`. */
export function signInAddress(issuer: string, back: string, wanted: { maxAge?: number; level: Level }): string {
  const { maxAge, level } = wanted
  // nobody redeems the code, so nobody needs to keep the verifier
  const verifier = randomBytes(32).toString('base64url')
  const parameters = new URLSearchParams({
    client_id: ownClientId,
    redirect_uri: `${issuer}/account/return`,
    response_type: 'code',
    scope: 'openid',
    state: back,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  if (maxAge !== undefined) parameters.set('max_age', String(maxAge))
  if (level > 2) parameters.set('acr_values', acrOf(level))
  return `/authorize?${parameters.toString()}`
}
