import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import { isHostOf } from '../guards/canonical-paths.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { programEndpoints } from '../oidc/program-endpoints.ts'
import { answerPolicy } from './browser-request.ts'

/**
 * What a sign-in or sign-out in a popup of a portal passes. `Cross-Origin-Opener-Policy: same-origin` would cut the popup
 * from its portal, redirects included (HTML, section 7.1.3). The account centre keeps it.
 */
const inPopups = /^\/(?:authorize|login|logout|language|elder|privacy|register|registered|recover|cookies)(?:\/|$)/

/**
 * Headers of each response (OWASP Secure Headers; RFC 9111 section 5.2.2.5). Pages replace the policy with their own.
 */
export function securityHeaders(secure: boolean): Middleware {
  const always = Object.entries({
    'x-content-type-options': 'nosniff',
    // public documents and static files replace it
    'cache-control': 'no-store',
    ...(secure ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  })
  const forBrowsers = Object.entries({
    'content-security-policy': answerPolicy,
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  })
  const openerPolicy = 'cross-origin-opener-policy'
  return ({ res, path }, next) => {
    // not through koa, which checks each header of each response again
    for (const [name, value] of always) res.setHeader(name, value)
    if (programEndpoints.has(path)) return next()
    for (const [name, value] of forBrowsers) res.setHeader(name, value)
    res.setHeader(openerPolicy, inPopups.test(path) ? 'unsafe-none' : 'same-origin')
    return next()
  }
}

/** Headers that only a proxy sends (RFC 7239; RFC 9110 section 7.6.3; nginx, Apache, Azure, IIS). */
const ofProxies = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-original-host',
  'x-real-ip',
] as const

/** A browser that was redirected keeps a mark for this time. If it comes with the mark, it was at the issuer already. */
const movedMs = 5000
const longestHost = 255

/**
 * Makes each URL in our responses one of the issuer, with any Host or X-Forwarded header. A forged header must not
 * reach discovery, redirects or cookies. A browser with another host name is redirected to the issuer, but never to
 * the address that it has: behind a proxy only the proxy knows that address.
 */
export function onlyAsIssuer(issuer: string, how: { trustProxy: boolean; log: Pick<Logger, 'warn'> }): Middleware {
  const { host, protocol } = new URL(issuer)
  const secure = protocol === 'https:'
  // this server speaks no TLS, so a proxy does
  const alwaysProxied = how.trustProxy || secure
  const moved = hostCookie('yideng_moved', secure)
  const mark = { signed: false, httpOnly: true, sameSite: 'lax', secure, maxAge: movedMs } as const
  let warned = false
  const warnOnce = (came: string | undefined) => {
    if (warned) return
    warned = true
    const named = { host: came?.slice(0, longestHost), issuer }
    how.log.warn(named, 'the proxy sends another Host than that of YIDENG_ISSUER')
  }
  return (ctx, next) => {
    const came = ctx.req.headers.host
    const place = came === host ? 'issuer' : placeOf(ctx, issuer, alwaysProxied)
    ctx.req.headers.host = host
    ctx.req.headers['x-forwarded-host'] = host
    ctx.req.headers['x-forwarded-proto'] = protocol.slice(0, -1)
    if (place === 'unknown') warnOnce(came)
    if (place === 'elsewhere' && asksForPage(ctx) && ctx.cookies.get(moved) === undefined) {
      ctx.cookies.set(moved, '1', mark)
      ctx.redirect(`${issuer}${ctx.url}`)
      return undefined
    }
    return next()
  }
}

/** Where a browser is. A proxy that replaces `Host` and names no other leaves it unknown. */
function placeOf(ctx: Context, issuer: string, alwaysProxied: boolean): 'issuer' | 'elsewhere' | 'unknown' {
  const { host } = ctx.req.headers
  // the first of several proxies names the host that the browser has
  const [named = ''] = ctx.get('x-forwarded-host').split(',')
  if (isHostOf(issuer, host) || isHostOf(issuer, named.trim())) return 'issuer'
  return named.trim() === host || !(alwaysProxied || isProxied(ctx)) ? 'elsewhere' : 'unknown'
}

/** Browsers do not speak HTTP/1.0, but nginx does. */
const isProxied = ({ req }: Context) =>
  req.httpVersionMinor === 0 || ofProxies.some((name) => req.headers[name] !== undefined)

const asksForPage = (ctx: Context) =>
  ctx.method === 'GET' && ctx.url.startsWith('/') && ctx.get('accept').includes('text/html')
