import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { invitationOf, mandateRow, refuseAct, type Acted, type MandatesDeps, type Sign } from './acts.ts'
import { carryOut, type Execution } from './carry-out.ts'
import { decide } from './decide-act.ts'
import type { Mandate } from './mandate-rules.ts'
import type { PrincipalView } from './principals.ts'
import type { MandateRow } from './store.ts'

/** Accepts or declines an invitation that this person may see. */
export async function answerInvitation(
  deps: MandatesDeps,
  type: 'accept' | 'decline',
  mandateId: string,
  person: NaturalPerson,
  by: Actor,
  sign?: Sign,
): Promise<Acted> {
  const row = await invitationOf(deps, person, mandateId)
  return actOn(deps, row, { act: { type, by: person.id, id: mandateId }, person, by, sign })
}

/** Ends a mandate, or confirms it after a change of representative. */
export async function changeMandate(
  deps: MandatesDeps,
  type: 'end' | 'confirm',
  mandateId: string,
  person: NaturalPerson,
  by: Actor,
  sign?: Sign,
): Promise<Acted> {
  const row = await mandateRow(deps, mandateId)
  return actOn(deps, row, { act: { type, by: person.id, id: mandateId }, person, by, sign })
}

export interface Ending {
  mandate: Mandate
  principal: PrincipalView
  row: MandateRow | undefined
  /** How many mandates under it end too. */
  under: number
}

/** What this person would end by an end of this mandate; undefined where they may not. Writes nothing. */
export async function endingOf(deps: MandatesDeps, id: string, person: NaturalPerson): Promise<Ending | undefined> {
  const found = await mandateRow(deps, id)
  const principal = found && (await deps.principals.view(found.principal_id))
  if (!principal) return undefined
  const decision = decide(principal.affairs, { type: 'end', by: person.id, id }, deps.clock())
  const mandate = principal.affairs.mandates.find((one) => one.id === id)
  if (!decision.ok || !mandate) return undefined
  return { mandate, principal, row: principal.rows.find((row) => row.id === id), under: decision.changed.length - 1 }
}

/** Gives again what this person ended, as new mandates. */
export async function regrant(
  deps: MandatesDeps,
  given: { before: readonly Mandate[]; ids: readonly string[] },
  person: NaturalPerson,
  by: Actor,
  sign?: Sign,
): Promise<Acted> {
  const act = { type: 'regrant', by: person.id, ...given } as const
  const principalId = given.before[0]?.principalId
  return actOn(deps, principalId === undefined ? undefined : { principal_id: principalId }, { act, person, by, sign })
}

/** Carries out an act on a mandate; an unknown one is refused as `not_found`. */
async function actOn(
  deps: MandatesDeps,
  row: { principal_id: string } | undefined,
  given: Omit<Execution, 'readPrincipal'>,
): Promise<Acted> {
  if (!row) return refuseAct(deps, given.act, given.person, given.by, 'not_found')
  return carryOut(deps, { ...given, readPrincipal: () => deps.principals.view(row.principal_id) })
}
