import type { Configuration } from 'oidc-provider'
import { acrValues } from '../assurance/levels.ts'
import { knownScopes } from '../clients/metadata.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { languages } from '../pages/languages.ts'
import { claimsConfiguration } from './claims.ts'
import { registrationOf, registrationField } from './client-registrations.ts'
import { adminScope } from './command-line-client.ts'
import { deviceAuthorizationPath, devicePath } from './device-flow.ts'
import { legacyCodeSeconds } from './legacy-requests.ts'
import { needsChallenge } from './pkce.ts'

/** The part of the configuration that depends on no service and no setting (DESIGN 1.4). */
export const fixedConfiguration = {
  acrValues,
  allowOmittingSingleRegisteredRedirectUri: false,
  claims: claimsConfiguration,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  clientBasedCORS: (_ctx, origin, client) =>
    (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin && origin !== 'null'),
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  // claims.ts decides which claims the ID token and userinfo contain
  conformIdTokenClaims: false,
  discovery: { ui_locales_supported: [...languages] },
  // no HS256: the stored `client_secret` is a hash, and a signature with it would make the hash a secret (client-metadata.ts)
  enabledJWA: {
    idTokenSigningAlgValues: ['ES256', 'RS256'],
    // RFC 9101; `none` is never among them
    requestObjectSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
    clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
  },
  extraClientMetadata: { properties: [registrationField] },
  pkce: { required: needsChallenge },
  responseTypes: ['code'],
  // FAPI 2.0 Security Profile section 5.3.2.1: no rotation, because its tokens are bound to a key of the client
  rotateRefreshToken: ({ oidc }) => !oidc.client || registrationOf(oidc.client).profile !== 'fapi2',
  routes: {
    authorization: '/authorize',
    code_verification: devicePath,
    device_authorization: deviceAuthorizationPath,
    end_session: '/logout',
    introspection: '/introspect',
    jwks: '/jwks',
    pushed_authorization_request: '/par',
    revocation: '/revoke',
    token: '/token',
    userinfo: '/userinfo',
  },
  scopes: [...knownScopes, adminScope],
  // an administrator registers the sector of a portal; there is no document to fetch and compare
  sectorIdentifierUriValidate: () => false,
  subjectTypes: ['pairwise', 'public'],
} satisfies Configuration

export const cookies = (keys: string[], secure: boolean): NonNullable<Configuration['cookies']> => ({
  keys,
  // the cookies of a running login are never sent (engine/login-binding.ts)
  names: { session: hostCookie('yideng_session', secure) },
  // not signed: it holds 256 random bits and is looked up under its hash, so a signature would only cost time
  long: { httpOnly: true, sameSite: 'lax', secure, signed: false },
})

/** FAPI 2.0 Security Profile section 5.3.2.1: a code lives at most 60 seconds. */
const fapi2CodeSeconds = 60

function longestCode({ profile, legacy }: Client): number {
  if (legacy !== undefined) return legacyCodeSeconds(legacy)
  return profile === 'fapi2' ? fapi2CodeSeconds : Infinity
}

/** In seconds. */
export const timesToLive = (lifetimes: Settings['lifetimes'], clock: Clock): NonNullable<Configuration['ttl']> => ({
  AccessToken: lifetimes.accessToken,
  AuthorizationCode: (_ctx, _code, client) => Math.min(lifetimes.code, longestCode(registrationOf(client))),
  ClientCredentials: lifetimes.accessToken,
  Grant: Math.max(lifetimes.session, lifetimes.refreshToken),
  IdToken: lifetimes.idToken,
  Interaction: lifetimes.interaction,
  // a rotated token ends with the first token of its family
  RefreshToken: (ctx) => ctx?.oidc.entities.RotatedRefreshToken?.remainingTTL ?? lifetimes.refreshToken,
  Session(_ctx, session) {
    const now = Math.floor(clock() / 1000)
    const left = session.loginTs === undefined ? lifetimes.session : session.loginTs + lifetimes.session - now
    return Math.max(1, Math.min(lifetimes.sessionIdle, left))
  },
})
