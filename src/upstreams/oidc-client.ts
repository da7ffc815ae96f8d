import * as openid from 'openid-client'
import type { Level } from '../assurance/levels.ts'
import { isFreshEnough } from './fresh.ts'
import { readIdentity } from './identity.ts'
import { endpoint, keptDiscovery, type Discovered } from './oidc-discovery.ts'
import { failureOf } from './oidc-failures.ts'
import { readLogoutToken } from './oidc-logout-token.ts'
import { callbackOf, type KindDeps } from './kind-deps.ts'
import type { UpstreamAnswer, UpstreamClient, UpstreamReturn, UpstreamStep } from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'
import { within } from './within.ts'

/** Where a row names none. */
export const usualScope = 'openid profile'
/** Bytes of an ID token that is kept for the sign-out; it becomes part of an address. */
const longestHint = 4096
/** RFC 6749, A.11. */
const codeShape = /^[\x20-\x7e]{1,2048}$/

/** An OpenID Provider (OpenID Connect Core 1.0; PKCE by RFC 7636; `iss` by RFC 9207). */
export function createOidcUpstream(upstream: Upstream, deps: KindDeps): UpstreamClient {
  const discovered = keptDiscovery(upstream, deps)
  const today = () => new Date(deps.clock())
  const scope = upstream.scope ?? usualScope

  async function begin(step: UpstreamStep) {
    const { config } = await discovered()
    const url = openid.buildAuthorizationUrl(config, {
      response_type: 'code',
      redirect_uri: step.callback,
      scope,
      state: step.state,
      nonce: step.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(step.verifier),
      code_challenge_method: 'S256',
      ...wanted(upstream, step.level),
      ...(step.freshSince === undefined ? {} : askAgain),
    })
    return { url: url.href }
  }

  async function identify(step: UpstreamStep, returned: UpstreamReturn): Promise<UpstreamAnswer> {
    if (returned['code'] !== undefined && !codeShape.test(returned['code'])) return { failure: 'code_refused' }
    const { config, metadata } = await discovered()
    const url = new URL(step.callback)
    url.search = new URLSearchParams(returned).toString()
    const tokens = await openid.authorizationCodeGrant(config, url, {
      expectedState: step.state,
      expectedNonce: step.nonce,
      pkceCodeVerifier: step.verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims || !isFreshEnough(step, claims.auth_time)) return { failure: 'answer_invalid' }
    const { access_token: accessToken, id_token: idToken = '' } = tokens
    const needsMore = metadata.userinfo_endpoint !== undefined && scope !== 'openid'
    const more = needsMore ? await openid.fetchUserInfo(config, accessToken, claims.sub) : {}
    // claims with a signature count first
    const identity = readIdentity(upstream, { ...more, ...claims }, today())
    const { sid } = claims
    if (!identity || !isSid(sid)) return { failure: 'answer_invalid' }
    const hint = idToken.length <= longestHint ? idToken : undefined
    return { identity: { ...identity, session: { sid, idToken: hint } } }
  }

  async function logoutUrl(session: { idToken?: string | undefined }, back: { url: string; state: string }) {
    const { config, metadata } = await discovered()
    const { end_session_endpoint: end } = metadata
    if (endpoint(end, metadata.issuer.startsWith('http:')) === undefined) return undefined
    const url = openid.buildEndSessionUrl(config, {
      post_logout_redirect_uri: back.url,
      state: back.state,
      ...(session.idToken === undefined ? {} : { id_token_hint: session.idToken }),
    })
    return url.href
  }

  return {
    upstream,
    stateOf: ({ state }) => state,
    begin: (step) => within(begin(step)).catch((error: unknown) => ({ failure: failureOf(error) })),
    identify: (step, returned) =>
      within(identify(step, returned)).catch((error: unknown) => ({ failure: failureOf(error) })),
    logoutUrl: (session, back) => within(logoutUrl(session, back)).catch(() => undefined),
    async readLogout(token) {
      const found = await within(discovered()).catch(() => undefined)
      return found && readLogoutToken(token, { ...found, clientId: upstream.clientId ?? '', clock: deps.clock })
    },
    async check() {
      const answer = await within(wrongCode(discovered, callbackOf(deps, upstream))).catch((error: unknown) =>
        failureOf(error),
      )
      return answer === 'code_refused' ? { ok: true } : { ok: false, failure: answer }
    },
  }
}

/** `max_age` makes `auth_time` a claim that must come (OpenID Connect Core 1.0, 3.1.2.1). */
const askAgain = { prompt: 'login', max_age: '600' }

/**
 * A level in the words of an upstream, the lowest that is enough first (OpenID Connect Core 1.0, 3.1.2.1). Nothing for level 2: every
 * account has it.
 */
function wanted({ levels }: Pick<Upstream, 'levels'>, needed: Level): { acr_values?: string } {
  const enough = Object.entries(levels)
    .filter(([, level]) => level >= needed)
    .toSorted(([, one], [, other]) => one - other)
    .map(([name]) => name)
  return needed === 2 || enough.length === 0 ? {} : { acr_values: enough.join(' ') }
}

const isSid = (sid: unknown): sid is string | undefined =>
  sid === undefined || (typeof sid === 'string' && sid.length > 0 && sid.length <= 255)

/** The provider refuses a code that it never gave. Before that it accepts our id and secret, or it does not. */
async function wrongCode(discovered: () => Promise<Discovered>, callback: string) {
  const { config } = await discovered()
  const state = openid.randomState()
  const url = new URL(callback)
  url.search = new URLSearchParams({ code: 'yideng-check', state, iss: config.serverMetadata().issuer }).toString()
  const verifier = openid.randomPKCECodeVerifier()
  await openid.authorizationCodeGrant(config, url, { expectedState: state, pkceCodeVerifier: verifier })
  return 'answer_invalid' as const
}
