import type { Middleware } from 'koa'
import { answerPolicy } from './visit.ts'

/** Headers every answer has (OWASP Secure Headers); pages replace the policy by their own. */
export function securityHeaders(secure: boolean): Middleware {
  const headers = {
    'content-security-policy': answerPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    ...(secure ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  }
  return (ctx, next) => {
    ctx.set(headers)
    return next()
  }
}

/**
 * Makes every address in our answers that of the issuer, whatever Host or X-Forwarded header a request brings: a forged
 * one must not reach discovery, redirects or cookies. A browser that came by another name is sent to the right one.
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
