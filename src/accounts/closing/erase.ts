import { randomUUID } from 'node:crypto'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { FaceReferences } from '../../proofing/face/references.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import { openField, sealNothing } from '../personal-fields.ts'
import type { EndSignIns } from '../sign-in-endings.ts'

/** How long another process waits before it takes over a closing that was begun and not finished. */
const claimMs = 30_000

/** Tables with rows that belong to one person (`person_id`). */
export const ownTables = [
  'face_bindings',
  'face_consents',
  'administrators',
  'authenticators',
  'devices',
  'notices',
  'method_locks',
  'consents',
  'notice_consents',
  'representee_choices',
  'mandate_code_tries',
  'phone_proofs',
  'merged_accounts',
  'upstream_links',
  'upstream_offers',
] as const

export interface EraseDeps {
  database: Database
  cipher: FieldCipher
  references: Pick<FaceReferences, 'erase'>
  audit: AuditLog
  endSignIns: EndSignIns
  publish: Publish
  clock: Clock
}

/** Erases a person's data whose closing is due. True when the caller has to end the rest: sessions and mandates. */
export async function erasePerson(deps: EraseDeps, personId: string): Promise<boolean> {
  const erased = await deps.database.transaction().execute((transaction) => eraseWithin(deps, transaction, personId))
  deps.publish('person', personId)
  return erased
}

async function eraseWithin(deps: EraseDeps, transaction: DatabaseTransaction, personId: string): Promise<boolean> {
  const { cipher, audit, endSignIns, clock } = deps
  const now = clock()
  // The due time is the claim: one of several processes goes on. A person who keeps the account wins or loses as a whole.
  const claim = await transaction
    .updateTable('natural_persons')
    .set({ closes_at: now + claimMs })
    .where('id', '=', personId)
    .where('closes_at', '<=', now)
    .executeTakeFirst()
  if (claim.numUpdatedRows === 0n) return false
  await eraseFace(deps, transaction, personId)
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ status: 'closed', ...emptyColumns(cipher, personId), updated_at: now })
    .where('id', '=', personId)
    .where('status', '<>', 'closed')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return true // a second run: only the rest is left
  await endSignIns(transaction, personId, { but: [] })
  // a guardian's consent for a child stays valid; the audit log has the guardian's id
  await transaction
    .updateTable('face_consents')
    .set({ guardian_id: null })
    .where('guardian_id', '=', personId)
    .execute()
  // disputes against this account stay: the number is free then
  await transaction.deleteFrom('number_claims').where('claimant_id', '=', personId).execute()
  await transaction
    .deleteFrom('merged_portals')
    .where('merged_id', 'in', (query) =>
      query.selectFrom('merged_accounts').select('merged_id').where('person_id', '=', personId),
    )
    .execute()
  for (const table of ownTables) await transaction.deleteFrom(table).where('person_id', '=', personId).execute()
  await audit.append(transaction, { event: 'person.closed', actor: 'system', personId })
  return true
}

/** Erases the face template. Only the person who has proven the document decides about the face behind it. */
async function eraseFace(
  { cipher, references }: EraseDeps,
  transaction: DatabaseTransaction,
  personId: string,
): Promise<void> {
  const proven = await transaction
    .selectFrom('natural_persons')
    .selectAll()
    .where('id', '=', personId)
    .where('identity_level', '>=', 3)
    .executeTakeFirst()
  if (!proven) return
  const documentNumber = openField(cipher, proven, 'document_number')
  await references.erase({ documentType: proven.document_type, documentNumber }, transaction)
}

/** Columns of a closed account: each sealed field is empty, each index is random, so nothing can be read or found. */
const emptyColumns = (cipher: FieldCipher, personId: string) => ({
  ...sealNothing(cipher, personId),
  document_index: randomUUID(),
  phone_index: randomUUID(),
  username_index: randomUUID(),
  name_index: randomUUID(),
  identity_level: 2,
  possession: null,
  possession_asked_at: null,
  proofed_at: null,
  face_proofed_at: null,
  held_until: null,
  recovery_held_until: null,
})
