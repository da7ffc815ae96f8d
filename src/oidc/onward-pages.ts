import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { requestOf, showPage, type KeeperSignal } from '../pages/request-context.ts'
import { byPasskey } from './command-line-client.ts'

export interface OnwardDeps {
  issuer: string
  /** All passkeys of a person, for the keeper of passkeys in a browser where this person has just signed in. */
  acceptedPasskeys(personId: string): Promise<KeeperSignal>
}

/** Routes that a form of ours may lead to, and that answer by an address of the portal. */
const afterForms = /^\/(?:authorize\/[^/]+|logout\/confirm)$/

/**
 * Chromium applies `form-action` (Content Security Policy Level 3 section 6.4.1) to every redirect after a form. A portal
 * that redirects to another origin would leave the person on our page, with its code spent. So a page of ours ends the
 * chain and moves on by itself, without a script. Without `Sec-Fetch-Mode` (Fetch Metadata) the redirect stays.
 */
export const onwardPages =
  ({ issuer, acceptedPasskeys }: OnwardDeps): Middleware =>
  async (ctx, next) => {
    await next()
    if (!afterForms.test(ctx.path) || ctx.get('sec-fetch-mode') !== 'navigate') return
    const target = redirectElsewhere(ctx, issuer)
    if (target === undefined) return
    ctx.remove('location')
    const request = requestOf(ctx)
    request.returnTo = '/' // its login has ended
    const personId = signedInByPasskey(ctx)
    if (personId !== undefined) request.signals.push(await acceptedPasskeys(personId))
    showPage(ctx, 'onward/onward', { movesTo: target })
  }

/** The person who signed in by passkey in the login that ends with this answer. */
function signedInByPasskey({ oidc }: Partial<KoaContextWithOIDC>): string | undefined {
  const { Interaction: interaction, Session: session } = oidc?.entities ?? {}
  const { accountId, amr } = interaction?.result?.login ?? {}
  return accountId !== undefined && accountId === session?.accountId && byPasskey(amr) ? accountId : undefined
}

function redirectElsewhere(ctx: Context, issuer: string): string | undefined {
  const location = ctx.response.get('location')
  if (ctx.status !== 303 || location === '') return undefined
  const target = URL.parse(location)
  return target !== null && target.origin !== issuer ? location : undefined
}
