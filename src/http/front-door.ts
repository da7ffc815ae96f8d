import type { Middleware } from 'koa'
import type Router from '@koa/router'
import type { Client, Clients } from '../clients/clients.ts'
import { portalOf } from '../oidc/pages.ts'
import type { Assets } from '../pages/assets.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { isLanguage } from '../pages/languages.ts'
import { localesQuery } from '../pages/locales-query.ts'
import { ownPath } from '../pages/own-path.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'

const yearSeconds = 31_536_000
const mostPortals = 100

/** Style sheets and pictures. Their URL changes with their content; each coding is another representation (RFC 9110, 8.8.3). */
export function staticFiles(assets: Assets): Middleware {
  return async (ctx, next) => {
    const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? assets.assetFor(ctx.path) : undefined
    if (!asset) {
      await next()
      return
    }
    const chosen = ctx.acceptsEncodings('br', 'gzip', 'identity')
    const coding = chosen === 'br' || chosen === 'gzip' ? chosen : undefined
    const coded = coding && (await asset.coded(coding))
    ctx.type = asset.type
    ctx.set('cache-control', `public, max-age=${yearSeconds}, immutable`)
    ctx.set('vary', 'accept-encoding')
    ctx.set('etag', coded ? `"${asset.tag}-${coding}"` : `"${asset.tag}"`)
    if (coded) ctx.set('content-encoding', coding)
    ctx.body = coded ?? asset.body
    if (ctx.fresh) ctx.status = 304
  }
}

const hasPage = (client: Client): client is Client & { uri: string } =>
  client.status === 'active' && client.uri !== undefined

/** The first page, and the switches for language and display of each page. */
export function frontDoorRoutes(router: Router, options: { issuer: string; clients: Clients; secure: boolean }): void {
  const { issuer, clients, secure } = options
  const choice = { signed: false, httpOnly: true, sameSite: 'lax', secure, maxAge: yearSeconds * 1000 } as const

  router.get('/', async (ctx) => {
    const { language } = requestOf(ctx)
    const all = await clients.list()
    const portals = all.filter(hasPage).slice(0, mostPortals)
    showPage(ctx, 'home/home', {
      portals: portals.map((client) => ({ ...portalOf(client, language), uri: client.uri })),
      registerUrl: '/register',
    })
  })

  // W3C "A Well-Known URL for Changing Passwords": browsers and password managers lead there
  router.get('/.well-known/change-password', (ctx) => redirectTo(ctx, `/account/password${localesQuery(ctx)}`))

  // W3C "A Well-Known URL for Relying Party Passkey Endpoints"
  router.get('/.well-known/passkey-endpoints', (ctx) => {
    ctx.body = { enroll: `${issuer}/account/passkey/add`, manage: `${issuer}/account/passkey` }
  })

  router.get('/language', (ctx) => {
    const { to, back = '/' } = ctx.query
    if (typeof to !== 'string' || !isLanguage(to)) throw new Refusal('bad_request', 'no such language')
    const target = ownPath(back)
    ctx.cookies.set(hostCookie('yideng_language', secure), to, choice)
    ctx.redirect(target)
  })

  router.get('/elder', (ctx) => {
    const { on, back = '/' } = ctx.query
    if (on !== '0' && on !== '1') throw new Refusal('bad_request', 'neither on nor off')
    const target = ownPath(back)
    ctx.cookies.set(hostCookie('yideng_elder', secure), on, choice)
    ctx.redirect(target)
  })
}
