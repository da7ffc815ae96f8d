import { hash } from 'node:crypto'
import type { Context, Middleware, Next } from 'koa'

/** The public keys of SM2 (GM/T 0125.4). Generic client libraries refuse a set with that curve, so `/jwks` has none of them. */
const gmKeySetPath = '/jwks-gm'

/** The key sets (RFC 7517) and the two names of the metadata (OpenID Connect Discovery 1.0, RFC 8414). */
const paths: ReadonlySet<string> = new Set([
  '/jwks',
  gmKeySetPath,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
])

/** Seconds. A new key is published a day before it signs; portals must drop a retired key soon. */
const cacheControl = 'public, max-age=300'

interface PublicDocument {
  /** The key set that it was made with. */
  version: object
  /** The route name for the metrics (http/metrics.ts). */
  route: unknown
  type: string
  text: string
  etag: string
}

/** A koa context after oidc-provider has routed it. */
interface Routed {
  _matchedRouteName?: unknown
}

/**
 * Caches the first answer for key set and metadata until the keys change; all other content depends on settings only.
 * Answers carry a strong ETag, and `304` goes to a client that has this version (RFC 9110 section 13.1.2).
 * @param versionOf another object whenever the keys change
 */
export function publicDocuments(versionOf: () => object): Middleware {
  const cache = new Map<string, PublicDocument>()
  const answer = async (ctx: Context & Routed, next: Next) => {
    const version = versionOf()
    let document = cache.get(ctx.path)
    if (document?.version !== version) {
      await next()
      if (ctx.status !== 200) return
      const text = JSON.stringify(ctx.body)
      document = {
        version,
        route: ctx._matchedRouteName,
        type: ctx.response.get('content-type'),
        text,
        etag: `"${hash('sha256', text, 'base64url')}"`,
      }
      cache.set(ctx.path, document)
    }
    ctx.set({ etag: document.etag, 'cache-control': cacheControl, 'access-control-allow-origin': '*' })
    ctx._matchedRouteName = document.route
    ctx.type = document.type
    ctx.body = document.text
    if (matches(ctx.get('if-none-match'), document.etag)) ctx.status = 304
  }
  return (ctx, next) =>
    paths.has(ctx.path) && (ctx.method === 'GET' || ctx.method === 'HEAD') ? answer(ctx, next) : next()
}

/** @param keySet as `publishedSm2Keys` gives it */
export const gmKeySet =
  (keySet: () => object): Middleware =>
  (ctx: Context & Routed, next) => {
    if (ctx.path !== gmKeySetPath || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx._matchedRouteName = 'gm_jwks'
    ctx.type = 'application/jwk-set+json; charset=utf-8'
    ctx.body = keySet()
    return undefined
  }

/**
 * RFC 9110 section 13.1.2. koa's `ctx.fresh` is false for each request with `cache-control: no-cache`.
 * `fetch` sends that header beside `if-none-match`.
 */
const matches = (header: string, etag: string) =>
  header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
