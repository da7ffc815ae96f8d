import type { DatabaseTransaction } from '../../storage/database.ts'
import { decide } from '../mandates/decide-act.ts'
import type { Principal } from '../mandates/mandate-rules.ts'
import * as store from '../mandates/store.ts'
import type { LegalPersonRow, LegalPersonsDeps } from './legal-person.ts'

type Deps = Pick<LegalPersonsDeps, 'guard' | 'audit' | 'notifier' | 'clock'>

/** Removes the representative of an organisation and suspends all mandates until the next one confirms them. */
export async function removeRepresentative(
  { guard, audit, notifier, clock }: Deps,
  transaction: DatabaseTransaction,
  row: LegalPersonRow,
): Promise<void> {
  const now = clock()
  await store.advanceCurrentVersion(transaction, row.id, 'legal_person')
  await transaction
    .updateTable('legal_persons')
    .set({ owner_id: null, representative_key: null, updated_at: now })
    .where('id', '=', row.id)
    .where('representative_key', row.representative_key === null ? 'is' : '=', row.representative_key)
    .execute()
  const principal: Principal = { id: row.id, kind: 'legal_person', ownerId: row.owner_id, standing: true }
  const mandates = (await store.readMandates(guard, transaction, row.id)).map(store.fromRow)
  // the rule suspends all mandates; it does not use the standing of holders
  const affairs = { principal, mandates, notInGoodStanding: new Set<string>() }
  const decision = decide(affairs, { type: 'representative-changed' }, now)
  for (const mandate of decision.ok ? decision.changed : []) {
    await store.writeMandate(guard, transaction, mandate, now)
    const { personId } = mandate
    if (personId) await notifier.notify({ personId, kind: 'mandate-suspended' }, transaction)
  }
  const entry = { event: 'representative_changed', actor: 'system', principalId: row.id }
  await store.appendHistory(transaction, entry, now)
  await store.scheduleGrantCheck(transaction, row.id, now)
  await audit.append(transaction, {
    event: 'organisation.representative-changed',
    actor: 'system',
    personId: row.owner_id ?? undefined,
    details: { principal: row.id, mandates: decision.ok ? decision.changed.length : 0 },
  })
}

/**
 * Removes this person as the representative of all their organisations.
 * @returns ids of the organisations, to publish after the commit (topic `principal`)
 */
export async function leaveOrganisations(
  deps: Deps,
  transaction: DatabaseTransaction,
  personId: string,
): Promise<string[]> {
  const rows = await transaction.selectFrom('legal_persons').selectAll().where('owner_id', '=', personId).execute()
  for (const row of rows) await removeRepresentative(deps, transaction, row)
  return rows.map(({ id }) => id)
}
