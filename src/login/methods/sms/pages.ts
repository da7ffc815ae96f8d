import { maskPhone } from '../../../accounts/identifiers/masking.ts'
import type { TextWait } from '../../../guards/phone-codes/phone-codes.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { RouterContext } from '../../method.ts'
import { name } from './sms-deps.ts'

/** Problem of a field, or of the whole page: the key of its words `sms.problem_…`, with the minutes to wait where it has some. */
export interface Problem {
  code: string
  minutes?: number
  status?: number
}

export const waitProblem = (ctx: RouterContext, { by, seconds }: TextWait): Problem => {
  ctx.set('retry-after', String(seconds))
  return { code: by === 'budget' ? 'paused' : 'wait', minutes: Math.ceil(seconds / 60), status: 429 }
}

function show(ctx: RouterContext, attempt: Attempt, view: string, problem: Problem | undefined, data: object) {
  const page = {
    portal: attempt.portal,
    action: pathOf(attempt, name),
    startUrl: pathOf(attempt),
    cancelAction: pathOf(attempt, 'cancel'),
    csrf: requestOf(ctx).csrf(),
    problem: problem && { minutes: 0, ...problem },
    ...data,
  }
  showPage(ctx, view, page, problem ? (problem.status ?? 400) : 200)
}

export const showPhone = (ctx: RouterContext, attempt: Attempt, typed: string, problem?: Problem) =>
  show(ctx, attempt, 'sms/phone', problem, { typed })

export const showCode = (ctx: RouterContext, attempt: Attempt, phone: string, problem?: Problem) =>
  show(ctx, attempt, 'sms/code', problem, { phone: maskPhone(phone), again: ctx.query['sent'] === 'again' })

export const showWho = (ctx: RouterContext, attempt: Attempt, phone: string, problem?: Problem) =>
  show(ctx, attempt, 'sms/who', problem, { phone: maskPhone(phone) })
