import * as oidc from 'openid-client'
import { lazily } from '../lazily.ts'
import type { SignedIn } from './session.ts'

/** What Yideng's administrator gave the portal, and where the portal is. */
export interface Registration {
  issuer: string
  clientId: string
  clientSecret: string
  /** The portal's own origin. */
  url: string
  /** The API that access tokens are wanted for (RFC 8707). */
  resource?: string | undefined
  /** People come in for an organisation; tokens for the API are exchanged (RFC 8693). */
  forOrganisations?: boolean | undefined
}

/** Remembered between sending a browser away and its return; each is good for one try. */
export interface Attempt {
  state: string
  nonce: string
  verifier: string
}

const apiScope = 'licence:read'
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** All of OpenID Connect that a portal needs. */
export function createSignIn({ issuer, clientId, clientSecret, url, resource: api, forOrganisations }: Registration) {
  // for an organisation, the token of the sign-in is for userinfo, and another one is exchanged for it when the API is asked
  const resource = forOrganisations ? undefined : api
  const provider = lazily(() =>
    oidc.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: 'ES256', [oidc.clockTolerance]: 30 },
      oidc.ClientSecretBasic(clientSecret),
      {
        execute: [
          oidc.enableNonRepudiationChecks, // verifies the ID token's signature too, not only where it came from
          ...(new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : []), // localhost only
        ],
      },
    ),
  )

  return {
    /** The published endpoints and keys of the provider. */
    metadata: async () => (await provider()).serverMetadata(),

    /** Where to send the browser, and what to remember until it is back. */
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
     * Turns the browser's return into a signed-in person. Checks state, issuer, signature, audience, times and nonce.
     * @throws oidc.AuthorizationResponseError when Yideng says no, others when something does not fit
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
      // An access token is good for one audience. Ours for the API does not open userinfo, so the ID token holds the
      // claims; without an API the token is for userinfo, and the claims are there.
      const more = resource ? {} : await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
      const until = Date.now() + (tokens.expiresIn() ?? 0) * 1000
      return {
        claims: { ...more, ...claims },
        sid: typeof claims['sid'] === 'string' ? claims['sid'] : undefined,
        idToken: tokens.id_token,
        accessToken: api ? { value: tokens.access_token, until } : undefined,
      }
    },

    /** A token for the API; for an organisation one in which the organisation is the subject and the person the actor. */
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

    /** Where to send the browser so that the person signs out at Yideng too. */
    async signOutAddress(idToken: string, state: string): Promise<URL> {
      return oidc.buildEndSessionUrl(await provider(), {
        id_token_hint: idToken,
        post_logout_redirect_uri: `${url}/`,
        state,
      })
    },
  }
}
