import { createRemoteJWKSet, customFetch as joseFetch, type JWTVerifyGetKey } from 'jose'
import * as openid from 'openid-client'
import { hourMs } from '../config/time.ts'
import type { KindDeps } from './kind-deps.ts'
import { textOf, type UpstreamFetch } from './upstream-fetch.ts'
import type { Upstream } from './upstreams.ts'

/** What an OpenID Provider says about itself, and the keys of its tokens. */
export interface Discovered {
  config: openid.Configuration
  metadata: Readonly<openid.ServerMetadata> & {
    authorization_endpoint: string
    token_endpoint: string
    jwks_uri: string
  }
  /** For tokens that openid-client does not read: logout tokens. */
  keys: JWTVerifyGetKey
}

/** How long a document counts without a look at a newer one. */
const keptMs = hourMs
/** After a failure a process does not ask again for this time: visitors would wait, and the provider would have more to do. */
const failedMs = 5000
/** Seconds for one call. */
const timeout = 3
/** The `code` of an error: our registration names another issuer than the provider does. */
export const ofAnother = 'ERR_OTHER_ISSUER'

/**
 * Reads the discovery document once in an hour (OpenID Connect Discovery 1.0, 4). An older one serves while it is renewed, and while
 * the provider does not answer.
 * @returns a function that throws what openid-client throws, where there is no document at all
 */
export function keptDiscovery(upstream: Upstream, { fetch, clock }: KindDeps): () => Promise<Discovered> {
  let held: { value: Discovered; at: number } | undefined
  let failed: { error: unknown; at: number } | undefined
  let asking: Promise<Discovered> | undefined

  const ask = () =>
    (asking ??= discover(upstream, fetch)
      .then((value) => {
        held = { value, at: clock() }
        failed = undefined
        return value
      })
      .catch((error: unknown) => {
        failed = { error, at: clock() }
        throw error
      })
      .finally(() => {
        asking = undefined
      }))
  const failedJustNow = (now: number) => failed !== undefined && now - failed.at < failedMs

  return async () => {
    const now = clock()
    if (held) {
      if (now - held.at > keptMs && !failedJustNow(now)) void ask().catch(() => undefined)
      return held.value
    }
    if (failed && failedJustNow(now)) throw failed.error
    return ask()
  }
}

const unlike = () => Object.assign(new Error('the discovery document is of another issuer'), { code: ofAnother })
const missing = (what: string) =>
  Object.assign(new Error(`the discovery document has no usable ${what}`), { code: 'OAUTH_MISSING_SERVER_METADATA' })

async function discover(upstream: Upstream, fetch: UpstreamFetch): Promise<Discovered> {
  const { issuer, clientId, secret } = upstream
  if (issuer === undefined || clientId === undefined) throw missing('issuer')
  const bare = new URL(issuer).protocol === 'http:'
  const config = await openid
    .discovery(new URL(issuer), clientId, {}, authentication(secret), {
      timeout,
      [openid.customFetch]: readAsText(fetch),
      // outside production only: readUpstreams refuses such an issuer in production
      execute: bare ? [openid.allowInsecureRequests] : [],
    })
    .catch((error: unknown) => {
      const { code } = error as { code?: unknown }
      throw code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' ? unlike() : error
    })
  // tokens are verified by their signatures too, not by the connection alone
  openid.enableNonRepudiationChecks(config)
  const metadata = config.serverMetadata()
  // character by character: the document of one tenant must not count for another
  if (metadata.issuer !== issuer) throw unlike()
  const named = {
    authorization_endpoint: endpoint(metadata.authorization_endpoint, bare),
    token_endpoint: endpoint(metadata.token_endpoint, bare),
    jwks_uri: endpoint(metadata.jwks_uri, bare),
  }
  const absent = Object.entries(named).find(([, value]) => value === undefined)
  if (absent) throw missing(absent[0])
  const usable = { ...metadata, ...named } as unknown as Discovered['metadata']
  const keys = createRemoteJWKSet(new URL(usable.jwks_uri), {
    [joseFetch]: (url, init) =>
      readAsText(fetch)(url, { ...init, headers: Object.fromEntries(new Headers(init.headers)), body: undefined }),
    timeoutDuration: timeout * 1000,
  })
  return { config, metadata: usable, keys }
}

/** An address of the provider that a browser or this server may open. */
export function endpoint(value: unknown, bare: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const { protocol } = new URL(value)
  return protocol === 'https:' || (bare && protocol === 'http:') ? value : undefined
}

/** RFC 6749, 2.3.1: Basic unless the provider announces the form alone. */
function authentication(secret: string | undefined): openid.ClientAuth {
  if (secret === undefined) return openid.None()
  const basic = openid.ClientSecretBasic(secret)
  const form = openid.ClientSecretPost(secret)
  return (server, ...given) => {
    const announced = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const onlyForm = announced.includes('client_secret_post') && !announced.includes('client_secret_basic')
    return (onlyForm ? form : basic)(server, ...given)
  }
}

/** Answers as text that is UTF-8 throughout; openid-client would replace other bytes by a mark. */
function readAsText(fetch: UpstreamFetch): openid.CustomFetch {
  return async (url, { method, headers, body }) => {
    const response = await fetch(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers,
      ...(body === undefined || body === null ? {} : { body: await new Response(body).text() }),
    })
    const text = await textOf(response)
    const { status, headers: answered } = response
    return new Response([204, 205, 304].includes(status) ? null : text, { status, headers: answered })
  }
}
