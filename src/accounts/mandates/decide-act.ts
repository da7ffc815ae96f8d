import { dayMs } from '../../config/time.ts'
import { areMatters, covers } from './matters.ts'
import { isLive, managing, type Affairs, type Mandate, type Role } from './mandate-rules.ts'

/** An act about mandates. `by` is always a natural person. */
export type Act =
  | {
      type: 'offer'
      by: string
      id: string
      role: Role
      matters: readonly string[]
      notBefore: number
      expiresAt: number
    }
  | { type: 'accept'; by: string; id: string }
  /** Withdraws an offer, removes a holder, or gives a mandate back. */
  | { type: 'end'; by: string; id: string }
  /** The invitee declines; the caller has checked that it is the invitee. */
  | { type: 'decline'; by: string; id: string }
  /** A new representative gives the mandate again. */
  | { type: 'confirm'; by: string; id: string }
  /** Gives again what the same person has just ended, as new mandates: `before` as it was, the first with those under it. */
  | { type: 'regrant'; by: string; before: readonly Mandate[]; ids: readonly string[] }
  | { type: 'representative-changed' }

/** `not_found` is also the answer for a mandate that this person must not know of. */
export type MandateProblem =
  | 'not_found'
  | 'matters_unknown'
  | 'matters_beyond'
  | 'period_wrong'
  | 'period_too_long'
  | 'period_beyond'
  | 'too_many_managers'
  | 'manager_already'
  | 'own_mandate'

export type Decision = { ok: true; changed: Mandate[] } | { ok: false; problem: MandateProblem }

/** @internal */
export const mostManagers = 5
export const longestDays = { legal_person: 3 * 366, natural_person: 90 }
export const usualDays = { legal_person: 365, natural_person: 30 }

const refuse = (problem: MandateProblem): Decision => ({ ok: false, problem })

/** Decides what an act changes, or why it is refused. Pure: the store writes the result. */
export function decide(affairs: Affairs, act: Act, now: number): Decision {
  const { principal, mandates } = affairs
  if (act.type === 'offer') return offer(affairs, act, now)
  if (act.type === 'regrant') return regrant(affairs, act, now)
  if (act.type === 'representative-changed') {
    const changed = mandates
      .filter((one) => isLive(one, now) && one.state !== 'suspended')
      .map((one): Mandate => ({ ...one, state: one.state === 'offered' ? 'ended' : 'suspended' }))
    return { ok: true, changed }
  }
  const mandate = mandates.find(({ id }) => id === act.id)
  if (!mandate || !isLive(mandate, now)) return refuse('not_found')
  if (act.type === 'accept') return accept(affairs, mandate, act.by, now)
  if (act.type === 'end') return end(affairs, mandate, act.by, now)
  if (act.type === 'decline') {
    return mandate.state === 'offered' ? { ok: true, changed: [{ ...mandate, state: 'ended' }] } : refuse('not_found')
  }
  if (act.by !== principal.ownerId || !principal.standing || mandate.state !== 'suspended') return refuse('not_found')
  const others = mandates.filter(({ id }) => id !== mandate.id)
  const again: Mandate = { ...mandate, state: 'active', grantedBy: act.by, parentId: null }
  if (again.personId === act.by) return refuse('own_mandate')
  const problem = beyondLimits({ ...affairs, mandates: others }, again, now)
  return problem ? refuse(problem) : { ok: true, changed: [again] }
}

function offer(affairs: Affairs, act: Act & { type: 'offer' }, now: number): Decision {
  const { by, id, role, matters, notBefore, expiresAt } = act
  const { principal } = affairs
  const owner = principal.standing && by === principal.ownerId
  const manager = owner || role !== 'handler' ? undefined : managing(affairs, by, now)
  const fits = principal.kind === 'natural_person' ? role === 'helper' : role !== 'helper'
  if (!fits || (!owner && !manager)) return refuse('not_found')
  if (!areMatters(principal.kind, matters)) return refuse('matters_unknown')
  if (!(notBefore < expiresAt) || expiresAt <= now) return refuse('period_wrong')
  if (expiresAt - Math.max(notBefore, now) > longestDays[principal.kind] * dayMs) return refuse('period_too_long')
  if (manager && !covers(manager.matters, matters)) return refuse('matters_beyond')
  if (manager && expiresAt > manager.expiresAt) return refuse('period_beyond')
  const mandate: Mandate = {
    id,
    principalId: principal.id,
    personId: null,
    role,
    matters: [...matters],
    notBefore,
    expiresAt,
    grantedBy: by,
    parentId: manager?.id ?? null,
    state: 'offered',
  }
  const problem = beyondLimits(affairs, mandate, now)
  return problem ? refuse(problem) : { ok: true, changed: [mandate] }
}

function accept(affairs: Affairs, mandate: Mandate, by: string, now: number): Decision {
  const { principal, mandates } = affairs
  if (mandate.state !== 'offered') return refuse('not_found')
  if (by === mandate.grantedBy || by === principal.ownerId) return refuse('own_mandate')
  // the giver must still be able to offer it: an offer ends with the standing of its giver
  const others = mandates.filter(({ id }) => id !== mandate.id)
  const { role, matters, notBefore, expiresAt, grantedBy, id } = mandate
  const still = offer(
    { ...affairs, mandates: others },
    { type: 'offer', by: grantedBy, id, role, matters, notBefore, expiresAt },
    now,
  )
  if (!still.ok || still.changed[0]?.parentId !== mandate.parentId) return refuse('not_found')
  const accepted: Mandate = { ...mandate, personId: by, state: 'active' }
  const problem = beyondLimits({ ...affairs, mandates: others }, accepted, now)
  return problem ? refuse(problem) : { ok: true, changed: [accepted] }
}

const isSame = (one: readonly string[], other: readonly string[]) => one.join(' ') === other.join(' ')

/** The giver must be able to give it now, as for a new offer. The holder had accepted the same mandate. */
function regrant(affairs: Affairs, { by, before, ids }: Act & { type: 'regrant' }, now: number): Decision {
  const [ended, ...under] = before
  const [id = '', ...idsUnder] = ids
  if (!ended || ended.state !== 'active' || ended.personId === null || ended.personId === by) return refuse('not_found')
  const same = (one: Mandate) =>
    one.personId === ended.personId && one.expiresAt === ended.expiresAt && isSame(one.matters, ended.matters)
  if (affairs.mandates.some(same)) return refuse('not_found')
  const { role, matters, notBefore, expiresAt, personId } = ended
  const given = offer(affairs, { type: 'offer', by, id, role, matters, notBefore, expiresAt }, now)
  const [first] = given.ok ? given.changed : []
  if (!first) return given
  // those under it were given by its holder, who manages again
  const others = under.flatMap((one, index): Mandate[] =>
    one.state === 'active' && one.personId !== null && isLive(one, now)
      ? [{ ...one, id: idsUnder[index] ?? '', parentId: id, grantedBy: personId }]
      : [],
  )
  return { ok: true, changed: [{ ...first, personId, state: 'active' }, ...others] }
}

function end(affairs: Affairs, mandate: Mandate, by: string, now: number): Decision {
  const { principal, mandates } = affairs
  const owner = by === principal.ownerId
  const holder = by === mandate.personId
  const giver = by === mandate.grantedBy && managing(affairs, by, now)?.id === mandate.parentId
  if (!owner && !holder && !giver) return refuse('not_found')
  const under = mandates.filter((one) => one.parentId === mandate.id && one.state !== 'ended')
  return { ok: true, changed: [mandate, ...under].map((one) => ({ ...one, state: 'ended' })) }
}

function beyondLimits({ mandates }: Affairs, mandate: Mandate, now: number): MandateProblem | undefined {
  if (mandate.role !== 'manager') return undefined
  const managers = mandates.filter((one) => one.role === 'manager' && isLive(one, now))
  if (managers.length >= mostManagers) return 'too_many_managers'
  const twice = mandate.personId !== null && managers.some(({ personId }) => personId === mandate.personId)
  return twice ? 'manager_already' : undefined
}
