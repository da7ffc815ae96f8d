import { randomUUID } from 'node:crypto'
import { representativeKey, type RegisterAnswer } from '../../proofing/business-register.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import * as store from '../mandates/store.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { findRow, fromRow, nameAad, type LegalPerson, type LegalPersonsDeps } from './legal-person.ts'
import { removeRepresentative } from './remove-representative.ts'

/** `not_representative` also where the organisation does not exist: the answer must not reveal which. */
export type OpenedOrganisation =
  | { ok: true; legalPerson: LegalPerson }
  | { ok: false; problem: 'not_representative' | 'register_unreachable' }

/** Opens or confirms an organisation for the person whom the register names as its representative. */
export async function openOrganisation(
  deps: LegalPersonsDeps,
  { uscc, person }: { uscc: string; person: NaturalPerson },
  by: Actor,
): Promise<OpenedOrganisation> {
  const { database, blindIndex, register, persons, publish } = deps
  const answer = await register.look(uscc)
  if (answer.outcome === 'unreachable') return refuse(deps, uscc, person, by, 'register_unreachable')
  const { documentType, documentNumber } = persons.reveal(person)
  const key = representativeKey(blindIndex, { uscc, documentType, documentNumber })
  const proven = person.identityLevel >= 3 && person.status === 'active'
  if (!proven || answer.outcome === 'not_found' || answer.status !== 'active' || answer.representativeKey !== key) {
    return refuse(deps, uscc, person, by, 'not_representative')
  }
  const legalPerson = await database
    .transaction()
    .execute((transaction) => setRepresentative(deps, transaction, { uscc, answer, person, by }))
  publish('principal', legalPerson.id)
  return { ok: true, legalPerson }
}

/** Writes the organisation with this person as its representative; changes nothing where that is so already. */
async function setRepresentative(
  deps: LegalPersonsDeps,
  transaction: DatabaseTransaction,
  opening: { uscc: string; answer: RegisterAnswer & { outcome: 'found' }; person: NaturalPerson; by: Actor },
): Promise<LegalPerson> {
  const { cipher, audit, clock } = deps
  const { uscc, answer, person, by } = opening
  const now = clock()
  const before = await findRow(transaction, 'uscc', uscc)
  if (before?.owner_id === person.id && before.representative_key === answer.representativeKey) {
    return fromRow(cipher, before)
  }
  if (before && before.representative_key !== null) await removeRepresentative(deps, transaction, before)
  const id = before?.id ?? randomUUID()
  await store.advanceCurrentVersion(transaction, id, 'legal_person')
  const name = cipher.seal(answer.name, nameAad(id))
  const owned = { name, owner_id: person.id, representative_key: answer.representativeKey, updated_at: now }
  if (before) {
    await transaction.updateTable('legal_persons').set(owned).where('id', '=', id).execute()
  } else {
    const fresh = { id, uscc, status: 'active' as const, created_at: now, ...owned }
    await transaction.insertInto('legal_persons').values(fresh).execute()
  }
  const entry = { principalId: id, event: 'opened', actor: by.actor, personId: person.id }
  await store.appendHistory(transaction, entry, now)
  const details = { principal: id, uscc, again: before !== undefined }
  await audit.append(transaction, { event: 'organisation.opened', ...by, personId: person.id, details })
  const row = await findRow(transaction, 'id', id)
  if (!row) throw new Error('the organisation was not stored')
  return fromRow(cipher, row)
}

async function refuse<Problem extends string>(
  { audit }: LegalPersonsDeps,
  uscc: string,
  person: NaturalPerson,
  by: Actor,
  problem: Problem,
) {
  const details = { uscc, problem }
  await audit.record({ event: 'organisation.refused', ...by, personId: person.id, details })
  return { ok: false as const, problem }
}
