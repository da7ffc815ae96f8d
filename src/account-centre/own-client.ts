import { createHash, randomBytes } from 'node:crypto'
import { acrOf, type Level } from '../assurance/levels.ts'
import { ownClientDefaults, type Client } from '../clients/client.ts'

/**
 * The account centre is a portal too: sign-in, return and a fresh sign-in (`max_age`) work as for every other portal.
 * It never redeems its codes; it reads the session only.
 */
export const ownClientId = 'yideng-account'

export function ownClient(issuer: string): Client {
  return {
    ...ownClientDefaults,
    id: ownClientId,
    name: '我的一登账户',
    names: { 'zh-Hant': '我的一登帳戶', en: 'your Yideng account' },
    type: 'web',
    redirect_uris: [`${issuer}/account/return`],
    scope: ['openid'],
    min_level: 2,
    subject_type: 'pairwise',
  }
}

interface WantedSignIn {
  /** In seconds since the sign-in. */
  maxAge?: number
  level: Level
}

/** Authorization request for a page of the account centre, in the language that the address of the page asks for. */
export function signInAddress(issuer: string, back: string, { maxAge, level }: WantedSignIn): string {
  const locales = new URL(back, issuer).searchParams.get('ui_locales')
  // the code is never redeemed, so the verifier need not be stored
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
  if (locales !== null) parameters.set('ui_locales', locales)
  if (level > 2) parameters.set('acr_values', acrOf(level))
  return `/authorize?${parameters.toString()}`
}
