import type { Context, Middleware } from 'koa'
import { readText } from '../pages/bodies.ts'
import { Refusal } from '../refusal/refusal.ts'

/** In bytes. The redirect puts the form into an address, and an address is part of the headers. */
const mostBytes = 16 * 1024

/**
 * The fields of a form that a portal posted, repeated ones too.
 * @throws Refusal `unsupported_media_type`, `too_large`, `bad_request`
 */
export async function postedFields(ctx: Context): Promise<URLSearchParams> {
  const text = await readText(ctx.req, mostBytes)
  if (text !== '' && !ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type')
  const fields = new URLSearchParams(text)
  if (Buffer.byteLength(fields.toString()) > mostBytes) throw new Refusal('too_large')
  return fields
}

/** The browser fetches this path of ours by GET. */
export function answerByGet(ctx: Context, path: string, fields: URLSearchParams): void {
  ctx.status = 303
  ctx.redirect(`${path}?${fields.toString()}`)
}

/**
 * An authorization request by POST (OpenID Connect Core section 3.1.2.1) goes on as the same request by GET. A browser
 * sends no `SameSite=Lax` cookie with a form of another site, but it does with the GET. So no cookie is read or set before.
 */
export const postedAuthorizations: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || ctx.path !== '/authorize') return next()
  answerByGet(ctx, '/authorize', await postedFields(ctx))
  return undefined
}
