import type { Context } from 'koa'
import { z } from 'zod'

/** Longer than every secret, code, ticket and address that this server gives or takes. */
const longest = 2500

const text = z.string().max(longest)

/**
 * The parameters of a legacy call, each once. Undefined where one is repeated or too long: a request that two readers
 * could understand in two ways is refused.
 */
export function parametersOf(ctx: Context): Readonly<Record<string, string | undefined>> | undefined {
  return z.record(z.string(), text).safeParse({ ...ctx.query }).data
}
