import type { Middleware } from 'koa'
import { handled } from './device-answers.ts'
import { adminScope } from './command-line-client.ts'

/**
 * No portal can be registered for the scope of the admin API, so the metadata leave it out (RFC 8414 section 2).
 * oidc-provider must know the scope, and has no hook for `scopes_supported`.
 */
export const portalMetadata: Middleware = async (ctx, next) => {
  await next()
  if (handled(ctx)?.oidc.route !== 'discovery' || ctx.status !== 200) return
  const metadata = ctx.body as { scopes_supported: string[] }
  metadata.scopes_supported = metadata.scopes_supported.filter((scope) => scope !== adminScope)
}
