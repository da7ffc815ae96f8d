import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Context, Middleware } from 'koa'

const codings = {
  br: (body: string) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
    }),
  gzip: (body: string) => promisify(gzip)(body, { level: 6 }),
} as const

/** Pages that may be compressed, by their context. */
const marked = new WeakMap<object, unknown>()

/**
 * Marks the page of this answer. Only for pages without anything secret but the form token, which is masked: the length of
 * another page could tell what it holds (BREACH; docs/decisions/0112-compressed-sign-in-page.md).
 */
export function mayBeCompressed(ctx: Pick<Context, 'req' | 'body' | 'vary'>): void {
  ctx.vary('accept-encoding')
  marked.set(ctx.req, ctx.body)
}

/** Compresses a marked page when nothing has replaced it. */
export const compressMarked: Middleware = async (ctx, next) => {
  await next()
  const { body } = ctx
  if (typeof body !== 'string' || marked.get(ctx.req) !== body) return
  const chosen = ctx.acceptsEncodings('br', 'gzip', 'identity')
  if (chosen !== 'br' && chosen !== 'gzip') return
  ctx.body = await codings[chosen](body)
  ctx.set('content-encoding', chosen)
}
