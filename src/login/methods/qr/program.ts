import type { z } from 'zod'
import { readJson } from '../../../pages/bodies.ts'
import { expected } from '../../../pages/reference.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { RouterContext } from '../../method.ts'

const mostBytes = 2048

/** The JSON document that a program sends. @throws Refusal `bad_request`, and those of `readJson` */
export async function readProgram<T>(ctx: RouterContext, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(ctx, mostBytes))
  if (!parsed.success) throw new Refusal('bad_request', parsed.error.message)
  return parsed.data
}

/** Runs an act of a program; a refusal becomes JSON with its code, for a program shows no page. */
export async function refusedAsJson(ctx: RouterContext, act: () => Promise<void>): Promise<void> {
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
