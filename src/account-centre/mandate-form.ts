import { readInvitee } from '../accounts/mandates/invitee.ts'
import type { Acted, ActProblem } from '../accounts/mandates/mandates.ts'
import { everything, mattersFor, type PrincipalKind } from '../accounts/mandates/matters.ts'
import { dayOf, readDay, startOfDay } from '../config/china-time.ts'
import { dayMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { Refusal } from '../refusal/refusal.ts'

type Form = Readonly<Record<string, string>>

/** When a mandate for a day begins (ms): now for today, NaN for a past day and for a string that is no day. */
export function beginningOf(typed: string, now: number): number {
  const day = readDay(typed)
  const start = startOfDay(day)
  return day === dayOf(now) ? now : start < now ? Number.NaN : start
}

/** The matters ticked on a form. Each has a field of its own, so that no field comes twice. */
export const tickedMatters = (kind: PrincipalKind, form: Form) =>
  [...mattersFor(kind), everything].filter((matter) => form[`matter-${matter}`] === 'yes')

/** The invitee and the period of a form that offers a mandate; `lastsMs` is 0 for a period that is not in `periods` (days). */
export function readOffer(
  blindIndex: BlindIndex,
  form: Form,
  { matters, periods }: { matters: readonly string[]; periods: readonly string[] },
) {
  const read = readInvitee(blindIndex, { name: form['name'] ?? '', contact: form['contact'] ?? '' })
  if (!read.ok) {
    const none = matters.length > 0 ? {} : { matters: 'matters_unknown' }
    return { ok: false, problems: { ...read.problems, ...none } } as const
  }
  const days = periods.includes(form['days'] ?? '') ? Number(form['days']) : 0
  return { ok: true, invitee: read.invitee, contact: read.contact, lastsMs: days * dayMs } as const
}

/** The field of the form that corrects each problem. */
const fields: Partial<Record<ActProblem, string>> = {
  matters_unknown: 'matters',
  matters_beyond: 'matters',
  period_wrong: 'days',
  period_too_long: 'days',
  period_beyond: 'days',
  too_many_managers: 'role',
  manager_already: 'role',
  own_mandate: 'name',
}

/**
 * Problems of an act by the field of the form that shows them; empty where the act was done.
 * @throws Refusal `not_found` for a missing mandate and one of other persons; `busy` after too many changes by others
 */
export function problemsOf(acted: Acted): Record<string, string> {
  if (acted.ok) return {}
  const { problem } = acted
  const field = fields[problem]
  if (field === undefined) throw new Refusal(problem === 'changed' ? 'busy' : 'not_found', problem)
  return { [field]: problem }
}
