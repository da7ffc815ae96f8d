import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { invitationOf, mandateRow, refuseAct, type Acted, type MandatesDeps, type Sign } from './acts.ts'
import { carryOut } from './carry-out.ts'

/** Accepts or declines an invitation that this person may see. */
export async function answerInvitation(
  deps: MandatesDeps,
  type: 'accept' | 'decline',
  mandateId: string,
  person: NaturalPerson,
  by: Actor,
  sign?: Sign,
): Promise<Acted> {
  const act = { type, by: person.id, id: mandateId } as const
  const row = await invitationOf(deps, person, mandateId)
  if (!row) return refuseAct(deps, act, person, by, 'not_found')
  const readPrincipal = () => deps.principals.view(row.principal_id)
  return carryOut(deps, { act, person, by, readPrincipal, sign })
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
  const act = { type, by: person.id, id: mandateId } as const
  const row = await mandateRow(deps, mandateId)
  if (!row) return refuseAct(deps, act, person, by, 'not_found')
  const readPrincipal = () => deps.principals.view(row.principal_id)
  return carryOut(deps, { act, person, by, readPrincipal, sign })
}
