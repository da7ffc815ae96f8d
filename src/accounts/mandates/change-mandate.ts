import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { invitationOf, mandateRow, refuseAct, type Acted, type MandatesDeps, type Sign } from './acts.ts'
import { carryOut, type Execution } from './carry-out.ts'

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

/** Carries out an act on a mandate; an unknown one is refused as `not_found`. */
async function actOn(
  deps: MandatesDeps,
  row: { principal_id: string } | undefined,
  given: Omit<Execution, 'readPrincipal'>,
): Promise<Acted> {
  if (!row) return refuseAct(deps, given.act, given.person, given.by, 'not_found')
  return carryOut(deps, { ...given, readPrincipal: () => deps.principals.view(row.principal_id) })
}
