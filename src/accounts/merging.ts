import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import { isHeld, type Actor, type NaturalPerson } from './natural-persons.ts'
import { findPerson } from './natural-persons/natural-person.ts'
import type { Notifier } from './notices.ts'
import type { EndSignIns } from './sign-in-endings.ts'
import { moveLinks } from './upstream-moves.ts'

/** Merging of two accounts of one person. Only that person does it, from inside both (src/account-centre/merging-room.ts). */
export interface Merging {
  /** Closes `from`, and lets portals know it under `into`. False where the accounts may not be merged. */
  merge(accounts: MergedPair, by: Actor): Promise<boolean>
  /** The accounts that a person merged into this one and that this portal knew. */
  knownBefore(personId: string, clientId: string): Promise<string[]>
}

export interface MergedPair {
  /** Id of the account that stays. */
  into: string
  /** Id of the account that is closed. */
  from: string
  /** The portals that know `from`. */
  portals: readonly string[]
}

export interface MergingDeps {
  database: Database
  seal: RowSeal
  endSignIns: EndSignIns
  notifier: Notifier
  audit: AuditLog
  publish: Publish
  clock: Clock
}

/**
 * Whether `from` may be merged into `into`: the same document, proven for `into` alone. An account with another document, name or
 * telephone is never a person's own by that alone. A proven account is never closed by a merge.
 */
export const mayMerge = (into: NaturalPerson, from: NaturalPerson, now: number): boolean =>
  into.id !== from.id &&
  into.row.document_index === from.row.document_index &&
  into.identityLevel >= 3 &&
  from.identityLevel < 3 &&
  [into, from].every((one) => one.status === 'active' && one.closesAt === null && !isHeld(one, now))

export function createMerging(deps: MergingDeps): Merging {
  const { database, publish } = deps
  return {
    async merge(accounts, by) {
      const merged = await database.transaction().execute((transaction) => mergeWithin(deps, transaction, accounts, by))
      if (merged) for (const id of [accounts.into, accounts.from]) publish('person', id)
      return merged
    },
    async knownBefore(personId, clientId) {
      const rows = await database
        .selectFrom('merged_accounts')
        .innerJoin('merged_portals', 'merged_portals.merged_id', 'merged_accounts.merged_id')
        .select('merged_accounts.merged_id')
        .where('person_id', '=', personId)
        .where('client_id', '=', clientId)
        .orderBy('merged_at')
        .execute()
      return rows.map(({ merged_id: id }) => id)
    },
  }
}

async function mergeWithin(
  { seal, endSignIns, notifier, audit, clock }: MergingDeps,
  transaction: DatabaseTransaction,
  { into, from, portals }: MergedPair,
  by: Actor,
): Promise<boolean> {
  const now = clock()
  const [stays, ends] = [await findPerson(transaction, into), await findPerson(transaction, from)]
  if (!stays || !ends || !mayMerge(stays, ends, now)) return false
  // locked at once, and erased by the job that closes accounts; a sign-in cannot keep it
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ status: 'locked', closes_at: now, updated_at: now })
    .where('id', '=', from)
    .where('status', '=', 'active')
    .where('closes_at', 'is', null)
    .where('identity_level', '<', 3)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await endSignIns(transaction, from, { but: [] })
  await transaction.updateTable('merged_accounts').set({ person_id: into }).where('person_id', '=', from).execute()
  await transaction.insertInto('merged_accounts').values({ merged_id: from, person_id: into, merged_at: now }).execute()
  await moveLinks({ seal }, transaction, { from, into, now })
  const rows = portals.map((client_id) => ({ merged_id: from, client_id }))
  if (rows.length > 0) await transaction.insertInto('merged_portals').values(rows).execute()
  await audit.append(transaction, { event: 'person.merged', ...by, personId: into, details: { from } })
  await audit.append(transaction, { event: 'person.merged-away', ...by, personId: from, details: { into } })
  await notifier.notify({ personId: into, kind: 'account-merged', restricted: by.restricted }, transaction)
  return true
}
