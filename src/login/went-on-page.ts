import type { Context } from 'koa'
import type { Client } from '../clients/clients.ts'
import { pageOrigin, portalOf } from '../oidc/pages.ts'
import type { WentOn } from '../oidc/went-on.ts'
import { requestOf, showPage } from '../pages/request-context.ts'

export interface WentOnPageDeps {
  issuer: string
  findClient(id: string): Promise<Client | undefined>
  isSignedIn(ctx: Context): Promise<boolean>
}

/** Leads to the next question. After the last one a page says that the step is done, and leads to the portal. */
export async function leadWhereItWent(deps: WentOnPageDeps, ctx: Context, went: WentOn): Promise<void> {
  ctx.remove('location')
  if (went.next !== undefined) {
    ctx.status = 303
    ctx.redirect(went.next)
    return
  }
  const client = await deps.findClient(went.clientId)
  const request = requestOf(ctx)
  const origin = pageOrigin(went.redirectUri)
  const elsewhere = origin !== undefined && origin !== deps.issuer
  request.returnTo = '/'
  showPage(ctx, 'login/went-on', {
    signedIn: await deps.isSignedIn(ctx),
    ...(client && elsewhere ? { portal: portalOf(client, request.language, went.redirectUri), portalUrl: origin } : {}),
  })
}
