import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Context } from 'koa'

const codings = {
  br: (body: string) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
    }),
  gzip: (body: string) => promisify(gzip)(body, { level: 6 }),
} as const

/**
 * Compresses a page before it is sent. Only for pages without anything secret but the form token, which is masked: the length
 * of another page could tell what it holds (BREACH; docs/decisions/0106-compressed-sign-in-page.md).
 */
export async function compressPage(ctx: Pick<Context, 'body' | 'set' | 'vary' | 'acceptsEncodings'>): Promise<void> {
  const { body } = ctx
  ctx.vary('accept-encoding')
  const chosen = ctx.acceptsEncodings('br', 'gzip', 'identity')
  if (typeof body !== 'string' || (chosen !== 'br' && chosen !== 'gzip')) return
  ctx.body = await codings[chosen](body)
  ctx.set('content-encoding', chosen)
}
