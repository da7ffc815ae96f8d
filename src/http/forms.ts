import type { Context, Middleware } from 'koa'
import { readText } from '../pages/bodies.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { unmasked } from './masked-token.ts'

const mostBytes = 16 * 1024
const mostFields = 40

/** @throws Refusal `bad_request` for a field sent twice, a NUL, or too many fields */
function parseForm(text: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  const entries = [...new URLSearchParams(text)]
  if (entries.length > mostFields) throw new Refusal('bad_request', 'too many fields')
  for (const [name, value] of entries) {
    if (name in fields) throw new Refusal('bad_request', 'a field twice')
    if (value.includes('\0') || value.includes('\ufffd')) throw new Refusal('bad_request', 'broken characters')
    fields[name] = value
  }
  return fields
}

/** Pictures of a face capture. A script sends them with the token in a header, and the route reads them. */
const framesType = 'application/x-yideng-frames'

function checkOrigin(ctx: Context, issuer: string): void {
  const origin = ctx.get('origin')
  if (origin && origin !== issuer) throw new Refusal('csrf', 'posted from another origin')
}

/**
 * Reads each form posted to our pages. It requires the token of its page (OWASP: signed double submit), and our own
 * origin if the browser sends one.
 */
export function forms(issuer: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next()
    if (ctx.is(framesType)) {
      checkOrigin(ctx, issuer)
      if (!requestOf(ctx).csrfHolds(ctx.get('x-csrf'))) throw new Refusal('csrf', 'no or wrong token')
      return next()
    }
    if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type')
    checkOrigin(ctx, issuer)
    const request = requestOf(ctx)
    const form = parseForm(await readText(ctx.req, mostBytes))
    if (!request.csrfHolds(form['csrf'] ?? '')) throw new Refusal('csrf', 'no or wrong token')
    // the same in every form of this browser: a form that is sent twice is known by its fields (same-form.ts)
    request.form = { ...form, csrf: unmasked(form['csrf'] ?? '').toString('base64url') }
    return next()
  }
}
