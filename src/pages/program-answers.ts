import type { Context } from 'koa'
import type { z } from 'zod'
import { Refusal } from '../refusal/refusal.ts'
import { readJson } from './bodies.ts'
import { expected } from './reference.ts'
import { requestOf } from './request-context.ts'

/** Bytes of a small document that a program sends. */
const usualBytes = 2048

/** Reads a document of a program. @throws Refusal `bad_request`, and those of `readJson` */
export async function readProgramDocument<T>(ctx: Context, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(ctx, usualBytes))
  // the message of zod could hold a value of the document, and codes are secrets
  if (!parsed.success)
    throw new Refusal('bad_request', parsed.error.issues.map(({ path }) => path.join('.')).join(', '))
  return parsed.data
}

/** Runs an act of a program; a refusal becomes JSON with its code, for a program shows no page. No cache keeps the answer. */
export async function forProgram(ctx: Context, act: () => Promise<void>): Promise<void> {
  ctx.set('cache-control', 'no-store')
  try {
    await act()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    ctx.status = error.status
    if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter))
    const { code, status } = error
    ctx.body = { error: code, reference: requestOf(ctx).refer({ code, status, ...expected(error) }) }
  }
}
