import type { DatabaseTransaction } from '../../storage/database.ts'
import * as store from '../mandates/store.ts'
import type { Actor } from '../natural-persons.ts'
import { findRow, fromRow, type LegalPerson, type LegalPersonsDeps } from './legal-person.ts'

/** Suspends or resumes an organisation. */
export async function setOrganisationStatus(
  deps: LegalPersonsDeps,
  id: string,
  status: LegalPerson['status'],
  by: Actor,
): Promise<LegalPerson | undefined> {
  const changed = await deps.database
    .transaction()
    .execute((transaction) => setStatusWithin(deps, transaction, id, status, by))
  deps.publish('principal', id)
  return changed
}

async function setStatusWithin(
  { cipher, audit, clock }: LegalPersonsDeps,
  transaction: DatabaseTransaction,
  id: string,
  status: LegalPerson['status'],
  by: Actor,
) {
  const row = await findRow(transaction, 'id', id)
  if (!row || row.status === status) return row && fromRow(cipher, row)
  const now = clock()
  await store.advanceCurrentVersion(transaction, id, 'legal_person')
  await transaction.updateTable('legal_persons').set({ status, updated_at: now }).where('id', '=', id).execute()
  const event = status === 'active' ? 'resumed' : 'suspended'
  await store.appendHistory(transaction, { principalId: id, event, actor: by.actor }, now)
  if (status === 'suspended') await store.scheduleGrantCheck(transaction, id, now)
  await audit.append(transaction, { event: `organisation.${event}`, ...by, details: { principal: id } })
  return fromRow(cipher, { ...row, status })
}
