import type { Context } from 'koa'
import { requestOf, type PageContext } from '../../pages/request-context.ts'
import { typedDigits } from '../../text/typed-digits.ts'
import type { TextWait } from './text-limits.ts'

/** A problem that a page about texts names: the end of a key of its words, and the minutes to wait where it has some. */
export interface TextProblem {
  code: string
  minutes?: number
  status?: number
}

/** The page for a text that was not sent. It sets Retry-After. */
export function waitProblem(ctx: Pick<Context, 'set'>, { by, seconds }: TextWait): TextProblem {
  ctx.set('retry-after', String(seconds))
  return { code: by === 'budget' ? 'paused' : 'wait', minutes: Math.ceil(seconds / 60), status: 429 }
}

/** The digits of the form's code. */
export const typedCode = (ctx: PageContext): string => typedDigits(requestOf(ctx).form['code'])
