import * as oidc from 'openid-client'
import { lazily } from '../lazily.ts'
import type { SignedIn } from './session.ts'

/** The portal's registration at Yideng, and its address. */
export interface Registration {
  issuer: string
  clientId: string
  clientSecret: string
  /** The portal's own origin. */
  url: string
  /** The API that needs access tokens (RFC 8707). */
  resource?: string | undefined
  /** People act for an organisation; tokens for the API come from token exchange (RFC 8693). */
  forOrganisations?: boolean | undefined
}

/** Values stored from the redirect of a browser until its return; each is used once. */
export interface Attempt {
  state: string
  nonce: string
  verifier: string
}

const apiScope = 'licence:read'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** The OpenID Connect functions of a portal. */
export function createSignIn({ issuer, clientId, clientSecret, url, resource: api, forOrganisations }: Registration) {
  // For an organisation, the first token is for userinfo; a token for the API comes from token exchange.
  const resource = forOrganisations ? undefined : api
  const provider = lazily(() =>
    oidc.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: 'RS256', [oidc.clockTolerance]: 30 },
      oidc.ClientSecretBasic(clientSecret),
      {
        execute: [
          oidc.enableNonRepudiationChecks, // also verifies the signature of the ID token
          ...(new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : []), // localhost only
        ],
      },
    ),
  )

  return {
    /** The published endpoints and keys of the provider. */
    metadata: async () => (await provider()).serverMetadata(),

    /** The address for the browser, and the values to store until it returns. */
    async begin({ choose = false } = {}): Promise<{ address: URL; attempt: Attempt }> {
      const attempt = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      }
      const address = oidc.buildAuthorizationUrl(await provider(), {
        redirect_uri: `${url}/callback`,
        scope: `openid profile phone${resource ? ` ${apiScope}` : ''}${forOrganisations ? ' representee' : ''}`,
        ...(choose ? { prompt: 'select_representee' } : {}),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        ...(resource ? { resource } : {}),
      })
      return { address, attempt }
    },

    /**
     * Completes a sign-in from the returning browser. Checks state, issuer, signature, audience, times and nonce.
     * @throws oidc.AuthorizationResponseError when Yideng refuses, other errors when a check fails
     */
    async finish(returned: URL, attempt: Attempt): Promise<SignedIn> {
      const config = await provider()
      const tokens = await oidc.authorizationCodeGrant(
        config,
        returned,
        {
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.verifier,
          idTokenExpected: true,
        },
        resource ? { resource } : {},
      )
      const claims = tokens.claims()
      if (!claims || !tokens.id_token) throw new Error('there is no ID token')
      // An access token has one audience. A token for the API cannot read userinfo, so the ID token has the claims.
      // Without an API the token is for userinfo.
      const more = resource ? {} : await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
      const until = Date.now() + (tokens.expiresIn() ?? 0) * 1000
      return {
        claims: { ...more, ...claims },
        sid: typeof claims['sid'] === 'string' ? claims['sid'] : undefined,
        idToken: tokens.id_token,
        accessToken: api ? { value: tokens.access_token, until } : undefined,
      }
    },

    /** A token for the API. For an organisation, the organisation is the subject and the person is the actor. */
    async apiToken(accessToken: string): Promise<string> {
      if (!forOrganisations || !api) return accessToken
      const answer = await oidc.genericGrantRequest(await provider(), tokenExchange, {
        subject_token: accessToken,
        subject_token_type: accessTokenType,
        resource: api,
        scope: apiScope,
      })
      return answer.access_token
    },

    /** The address for the browser to sign out at Yideng as well. */
    async signOutAddress(idToken: string, state: string): Promise<URL> {
      return oidc.buildEndSessionUrl(await provider(), {
        id_token_hint: idToken,
        post_logout_redirect_uri: `${url}/`,
        state,
      })
    },
  }
}
