import { hash } from 'node:crypto'
import type { Context, Middleware, Next } from 'koa'
import type { Provider } from 'oidc-provider'
import internalsOf from 'oidc-provider/lib/helpers/weak_cache.js'

/** What anybody may read: the keys (RFC 7517) and the two names of the metadata (OpenID Connect Discovery 1.0, RFC 8414). */
const paths: ReadonlySet<string> = new Set([
  '/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
])

/** A new key is published a day before it signs, but a retired one has to be forgotten soon. */
const cacheControl = 'public, max-age=300'

interface PublicDocument {
  /** The key set it was made with: another one means that keys have changed. */
  keys: unknown
  /** As the metrics name it. */
  route: unknown
  type: string
  text: string
  etag: string
}

/** A koa context once oidc-provider has routed it. */
interface Routed {
  _matchedRouteName?: unknown
}

/**
 * Answers for key set and metadata from memory, with a strong ETag and `304` where it is known (RFC 9110 section 13.1.2).
 * What oidc-provider answered the first time is kept until the keys change; everything else in it is a setting.
 */
export function publicDocuments(provider: Provider): Middleware {
  const kept = new Map<string, PublicDocument>()
  const answer = async (ctx: Context & Routed, next: Next) => {
    const { jwks: keys } = internalsOf(provider)
    let document = kept.get(ctx.path)
    if (document?.keys !== keys) {
      await next()
      if (ctx.status !== 200) return
      const text = JSON.stringify(ctx.body)
      document = {
        keys,
        route: ctx._matchedRouteName,
        type: ctx.response.get('content-type'),
        text,
        etag: `"${hash('sha256', text, 'base64url')}"`,
      }
      kept.set(ctx.path, document)
    }
    ctx.set({ etag: document.etag, 'cache-control': cacheControl, 'access-control-allow-origin': '*' })
    ctx._matchedRouteName = document.route
    ctx.type = document.type
    ctx.body = document.text
    if (isKnown(ctx.get('if-none-match'), document.etag)) ctx.status = 304
  }
  return (ctx, next) =>
    paths.has(ctx.path) && (ctx.method === 'GET' || ctx.method === 'HEAD') ? answer(ctx, next) : next()
}

/** RFC 9110 section 13.1.2. koa's own answer is no wherever a request says `cache-control: no-cache`, as `fetch` does beside this. */
const isKnown = (given: string, etag: string) =>
  given.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
