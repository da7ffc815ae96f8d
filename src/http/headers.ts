import type { Middleware } from 'koa'
import { answerPolicy } from './browser-request.ts'

/** Endpoints for portals' servers, called thousands of times for each page view. The responses are JSON. */
export const forPrograms: ReadonlySet<string> = new Set([
  '/token',
  '/userinfo',
  '/jwks',
  '/introspect',
  '/revoke',
  '/par',
  '/device_authorization',
])

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
    if (forPrograms.has(path)) return next()
    for (const [name, value] of forBrowsers) res.setHeader(name, value)
    res.setHeader(openerPolicy, inPopups.test(path) ? 'unsafe-none' : 'same-origin')
    return next()
  }
}

/**
 * Makes each URL in our responses one of the issuer, with any Host or X-Forwarded header. A forged header must not
 * reach discovery, redirects or cookies. A browser with another host name is redirected to the issuer.
 */
export function onlyAsIssuer(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer)
  return (ctx, next) => {
    const came = ctx.req.headers.host
    ctx.req.headers.host = host
    ctx.req.headers['x-forwarded-host'] = host
    ctx.req.headers['x-forwarded-proto'] = protocol.slice(0, -1)
    if (came !== host && ctx.method === 'GET' && ctx.url.startsWith('/') && ctx.get('accept').includes('text/html')) {
      ctx.redirect(`${issuer}${ctx.url}`)
      return undefined
    }
    return next()
  }
}
