import { createHash, randomBytes } from 'node:crypto'
import type { Client } from '../../clients/clients.ts'
import type { Clock } from '../../config/clock.ts'
import type { Fault } from './faults.ts'
import { otherMark, person } from './made-up-person.ts'
import type { Claims, createTokens, Signing } from './tokens.ts'

/** The requests of the portal in one sign-in. */
export interface Seen {
  authorization: URLSearchParams
  /** The authentication method at the token endpoint; undefined without a call. */
  authMethod?: string
  tokenCalls: number
  /** Why the token endpoint refused the call. */
  tokenFault?: string
  askedUserinfo: boolean
}

interface Code {
  authorization: URLSearchParams
  seen: Seen
  fault: Fault
}

export interface ProviderState {
  readonly client: Client
  readonly clock: Clock
  readonly tokens: ReturnType<typeof createTokens>
  readonly codes: Map<string, Code>
  readonly accessTokens: Map<string, Code>
  issuer: string
  /** The fault of the next sign-in. */
  fault: Fault
  seen: Seen | undefined
  /** The claims of the previous ID token, for the fault that replays it. */
  previousClaims: Claims
  /** The latest session. */
  sid: string
}

export interface Answer {
  status: number
  body: object
  location?: string
}

const tokenSeconds = 600
const logoutTokenSeconds = 120
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

const random = () => randomBytes(16).toString('base64url')
const now = ({ clock }: ProviderState) => Math.floor(clock() / 1000)

/** OpenID Connect Discovery 1.0 section 3. */
export const discovery = ({ issuer, client, tokens }: ProviderState) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  userinfo_endpoint: `${issuer}/userinfo`,
  jwks_uri: `${issuer}/jwks`,
  ...(tokens.sm2KeySet ? { gm_jwks_uri: `${issuer}/jwks-gm` } : {}),
  end_session_endpoint: `${issuer}/logout`,
  scopes_supported: client.scope,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code'],
  subject_types_supported: [client.subject_type],
  id_token_signing_alg_values_supported: [client.id_token_alg],
  token_endpoint_auth_methods_supported: [client.auth_method],
  token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
})

/** Redirects at once with a code; no person is asked. */
export function authorize(state: ProviderState, authorization: URLSearchParams): Answer {
  const { client, issuer, fault } = state
  const seen: Seen = { authorization, tokenCalls: 0, askedUserinfo: false }
  state.seen = seen
  const redirectUri = authorization.get('redirect_uri') ?? ''
  if (!client.redirect_uris.includes(redirectUri) || authorization.get('client_id') !== client.id) {
    const body = { error: 'invalid_request', error_description: 'redirect_uri or client_id is not the registered one' }
    return { status: 400, body }
  }
  const code = random()
  state.codes.set(code, { authorization, seen, fault })
  const parameters = new URLSearchParams({ code, state: authorization.get('state') ?? '', iss: issuer })
  fault.answer?.(parameters, issuer)
  const url = new URL(redirectUri)
  for (const [name, value] of parameters) url.searchParams.set(name, value)
  return { status: 303, body: {}, location: url.href }
}

export async function token(state: ProviderState, form: URLSearchParams, credentials: string): Promise<Answer> {
  const code = state.codes.get(form.get('code') ?? '')
  if (!code) return { status: 400, body: { error: 'invalid_grant' } }
  const { seen, fault } = code
  seen.tokenCalls += 1
  seen.authMethod = authMethodOf(form, credentials)
  const refused = tokenFault(code, form)
  if (refused !== undefined) {
    seen.tokenFault = refused
    return { status: 400, body: { error: 'invalid_grant', error_description: refused } }
  }
  state.sid = random()
  const accessToken = random()
  state.accessTokens.set(accessToken, code)
  const claims = idTokenClaims(state, code)
  const altered = fault.claims?.(claims, state.previousClaims) ?? claims
  state.previousClaims = claims
  const body = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: tokenSeconds,
    scope: state.client.scope.join(' '),
    id_token: await state.tokens.issue(altered, fault.signing),
  }
  return { status: 200, body }
}

/** Why a token request is refused (RFC 6749 section 4.1.3, RFC 7636 section 4.6); undefined for a valid one. */
function tokenFault({ authorization, seen }: Code, form: URLSearchParams): string | undefined {
  const challenge = authorization.get('code_challenge')
  const verifier = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  if (seen.tokenCalls > 1) return 'the code was used before'
  if (form.get('redirect_uri') !== authorization.get('redirect_uri')) return 'redirect_uri is another one'
  // the request of a portal that may do without PKCE is checked as a request
  if (challenge !== null && challenge !== verifier) return 'code_verifier does not match'
  return undefined
}

function idTokenClaims(state: ProviderState, { authorization }: Code): Claims {
  const { client, issuer, sid } = state
  const iat = now(state)
  return {
    iss: issuer,
    sub: person.sub,
    aud: client.id,
    iat,
    exp: iat + tokenSeconds,
    auth_time: iat,
    nonce: authorization.get('nonce') ?? undefined,
    acr: `urn:yideng:loa:${Math.max(client.min_level, 3)}`,
    amr: ['pwd'],
    sid,
  }
}

export function userinfo({ accessTokens }: ProviderState, credentials: string): Answer {
  const code = accessTokens.get(credentials.replace(/^Bearer /i, ''))
  if (!code) return { status: 401, body: { error: 'invalid_token' } }
  code.seen.askedUserinfo = true
  const name = code.fault.userinfo ? `${person.name} ${otherMark}` : person.name
  const claims = { ...person, name, phone_number: '+8613800000000', phone_number_verified: false }
  return { status: 200, body: code.fault.userinfo?.(claims) ?? claims }
}

export interface LogoutAlterations {
  signing?: Signing
  claims?(claims: Claims): Claims
}

/** A logout token for the latest session (OIDC Back-Channel Logout 1.0 section 2.4). */
export function logoutToken(state: ProviderState, alterations: LogoutAlterations): Promise<string> {
  const iat = now(state)
  const claims = {
    iss: state.issuer,
    aud: state.client.id,
    iat,
    exp: iat + logoutTokenSeconds,
    jti: random(),
    sub: person.sub,
    sid: state.sid,
    events: { [logoutEvent]: {} },
  }
  return state.tokens.issue(alterations.claims?.(claims) ?? claims, alterations.signing, 'logout+jwt')
}

function authMethodOf(form: URLSearchParams, credentials: string): string {
  if (/^Basic /i.test(credentials)) return 'client_secret_basic'
  if (form.has('client_assertion')) return 'private_key_jwt'
  return form.has('client_secret') ? 'client_secret_post' : 'none'
}
