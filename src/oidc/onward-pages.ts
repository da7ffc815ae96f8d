import type { Context, Middleware } from 'koa'
import { requestOf, showPage } from '../pages/request-context.ts'

/** Routes that a form of ours may lead to, and that answer by an address of the portal. */
const afterForms = /^\/(?:authorize\/[^/]+|logout\/confirm)$/

/**
 * Chromium applies `form-action` (Content Security Policy Level 3 section 6.4.1) to every redirect after a form. A portal
 * that redirects to another origin would leave the person on our page, with its code spent. So a page of ours ends the
 * chain and moves on by itself, without a script. Without `Sec-Fetch-Mode` (Fetch Metadata) the redirect stays.
 */
export const onwardPages =
  (issuer: string): Middleware =>
  async (ctx, next) => {
    await next()
    if (!afterForms.test(ctx.path) || ctx.get('sec-fetch-mode') !== 'navigate') return
    const target = redirectElsewhere(ctx, issuer)
    if (target === undefined) return
    ctx.remove('location')
    requestOf(ctx).returnTo = '/' // its login has ended
    showPage(ctx, 'onward/onward', { movesTo: target })
  }

function redirectElsewhere(ctx: Context, issuer: string): string | undefined {
  const location = ctx.response.get('location')
  if (ctx.status !== 303 || location === '') return undefined
  const target = URL.parse(location)
  return target !== null && target.origin !== issuer ? location : undefined
}
