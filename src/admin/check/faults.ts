import type { Claims, Signing } from './tokens.ts'

/** What a portal must do with an answer. */
export type Verdict = 'accepted' | 'refused'

/** A sign-in with one fault. */
export interface Fault {
  name: string
  meaning: string
  must: Verdict
  /** Changes the authorization response. */
  answer?(answer: URLSearchParams, issuer: string): void
  /** Changes the ID token. `before` are the claims of the previous sign-in. */
  claims?(claims: Claims, before: Claims): Claims
  signing?: Signing
  /** Changes the userinfo response. */
  userinfo?(claims: Claims): Claims
}

const without = (claims: Claims, name: string): Claims => ({ ...claims, [name]: undefined })
const hour = 3600
/** Issued two hours ago and expired one hour ago. */
const old = (claims: Claims): Claims => ({
  ...claims,
  iat: Number(claims['iat']) - 2 * hour,
  exp: Number(claims['iat']) - hour,
})
const elsewhere = 'https://login.elsewhere.example'

export const rightSignIn: Fault = { name: 'right', meaning: 'nothing is wrong', must: 'accepted' }

/** The answer after a No: it has an error and no code. */
export const denial: Fault = {
  name: 'denied',
  meaning: 'the person says No (access_denied): nobody is signed in, and a page of the portal says so',
  must: 'accepted',
  answer(answer) {
    answer.delete('code')
    answer.set('error', 'access_denied')
  },
}

/** Faults that a portal must detect in a sign-in (OIDC Core 3.1.2.7 and 3.1.3.7, RFC 9207, RFC 8725). */
export const faults: readonly Fault[] = [
  rightSignIn,
  {
    name: 'key-rotation',
    meaning: 'signed by the other key of the key set, as after keys rotate',
    must: 'accepted',
    signing: 'second',
  },
  {
    name: 'state-missing',
    meaning: 'the answer has no state',
    must: 'refused',
    answer: (answer) => answer.delete('state'),
  },
  {
    name: 'state-wrong',
    meaning: 'the answer has another state',
    must: 'refused',
    answer: (answer) => answer.set('state', 'b3RoZXItc3RhdGU'),
  },
  {
    name: 'answer-issuer',
    meaning: 'the answer is from another provider (iss, RFC 9207)',
    must: 'refused',
    answer: (answer) => answer.set('iss', elsewhere),
  },
  {
    name: 'issuer',
    meaning: 'the ID token is from another issuer (iss)',
    must: 'refused',
    claims: (claims) => ({ ...claims, iss: elsewhere }),
  },
  {
    name: 'audience',
    meaning: 'the ID token is for another portal (aud)',
    must: 'refused',
    claims: (claims) => ({ ...claims, aud: 'another-portal' }),
  },
  {
    name: 'nonce-wrong',
    meaning: 'the ID token has another nonce',
    must: 'refused',
    claims: (claims) => ({ ...claims, nonce: 'b3RoZXItbm9uY2U' }),
  },
  {
    name: 'nonce-missing',
    meaning: 'the ID token has no nonce',
    must: 'refused',
    claims: (claims) => without(claims, 'nonce'),
  },
  {
    name: 'replayed-token',
    meaning: 'the ID token is the one of the previous sign-in',
    must: 'refused',
    claims: (_claims, before) => before,
  },
  {
    name: 'expired',
    meaning: 'the ID token ended an hour ago (exp)',
    must: 'refused',
    claims: old,
  },
  {
    name: 'subject-missing',
    meaning: 'the ID token has no subject (sub)',
    must: 'refused',
    claims: (claims) => without(claims, 'sub'),
  },
  {
    name: 'signature',
    meaning: 'the ID token is signed by a key that was not published',
    must: 'refused',
    signing: 'foreign',
  },
  { name: 'alg-none', meaning: 'the ID token is not signed (alg none)', must: 'refused', signing: 'none' },
  {
    name: 'alg-shared',
    meaning: 'the public key was used as a shared secret (alg HS256)',
    must: 'refused',
    signing: 'shared',
  },
  {
    name: 'userinfo-subject',
    meaning: 'userinfo is about another person (sub)',
    must: 'refused',
    userinfo: (claims) => ({ ...claims, sub: 'another-person' }),
  },
]

export interface LogoutFault extends Pick<Fault, 'name' | 'meaning' | 'must' | 'signing'> {
  claims?(claims: Claims): Claims
}

/** OIDC Back-Channel Logout 1.0 section 2.6. */
export const logoutFaults: readonly LogoutFault[] = [
  {
    name: 'logout-signature',
    meaning: 'a logout token signed by a key that was not published',
    must: 'refused',
    signing: 'foreign',
  },
  { name: 'logout-alg-none', meaning: 'a logout token that is not signed', must: 'refused', signing: 'none' },
  {
    name: 'logout-issuer',
    meaning: 'a logout token of another issuer',
    must: 'refused',
    claims: (claims) => ({ ...claims, iss: elsewhere }),
  },
  {
    name: 'logout-audience',
    meaning: 'a logout token for another portal',
    must: 'refused',
    claims: (claims) => ({ ...claims, aud: 'another-portal' }),
  },
  {
    name: 'logout-events',
    meaning: 'a logout token without the logout event (events)',
    must: 'refused',
    claims: (claims) => without(claims, 'events'),
  },
  {
    name: 'logout-nonce',
    meaning: 'a logout token with a nonce: it may be an ID token',
    must: 'refused',
    claims: (claims) => ({ ...claims, nonce: 'b3RoZXItbm9uY2U' }),
  },
  {
    name: 'logout-expired',
    meaning: 'a logout token that ended an hour ago',
    must: 'refused',
    claims: old,
  },
  { name: 'logout', meaning: 'a valid logout token: the session must end', must: 'accepted' },
]
