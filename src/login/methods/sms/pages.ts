import { maskPhone } from '../../../accounts/identifiers/masking.ts'
import type { TextProblem } from '../../../guards/phone-codes/typed-code.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { RouterContext } from '../../method.ts'
import { asksPossession } from '../../possession-asked.ts'
import { name } from './sms-deps.ts'

function show(ctx: RouterContext, attempt: Attempt, view: string, problem: TextProblem | undefined, data: object) {
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

/** @param asksDocument whether a document number may let this number have a text after all */
export const showPhone = (
  ctx: RouterContext,
  attempt: Attempt,
  typed: string,
  problem?: TextProblem,
  asksDocument = false,
) => show(ctx, attempt, 'sms/phone', problem, { typed, asksDocument })

export const showCode = (ctx: RouterContext, attempt: Attempt, phone: string, problem?: TextProblem) =>
  show(ctx, attempt, 'sms/code', problem, { phone: maskPhone(phone), again: ctx.query['sent'] === 'again' })

/** The code to the person's own phone, which raises their level. */
export const showOwn = (
  ctx: RouterContext,
  attempt: Attempt,
  data: { phone: string; failed: boolean },
  problem?: TextProblem,
) => show(ctx, attempt, 'sms/own', problem, { ...data, offered: asksPossession(attempt) })

export const showWho = (ctx: RouterContext, attempt: Attempt, phone: string, problem?: TextProblem) =>
  show(ctx, attempt, 'sms/who', problem, { phone: maskPhone(phone) })
