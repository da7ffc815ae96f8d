import type { AuditLog } from '../audit/audit-log.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'

/**
 * Pauses the links that a thief may have made before a recovery: those after `since`. They are no way in until their person confirms
 * them. A link that opened the account, or that an import made, is no thief's. The person is notified.
 * @returns how many were paused
 */
export async function pauseYoungLinks(
  { audit, notifier }: { audit: AuditLog; notifier: Notifier },
  transaction: DatabaseTransaction,
  { personId, since, now }: { personId: string; since: number; now: number },
  by: Actor,
): Promise<number> {
  const paused = await transaction
    .updateTable('upstream_links')
    .set({ paused_at: now })
    .where('person_id', '=', personId)
    .where('linked_at', '>', since)
    .where('way', '<>', 'import')
    .where('opened', '=', 0)
    .where('paused_at', 'is', null)
    .returning('upstream')
    .execute()
  for (const { upstream } of paused)
    await audit.append(transaction, { event: 'upstream.paused', ...by, personId, details: { upstream } })
  if (paused.length > 0)
    await notifier.notify({ personId, kind: 'upstream-paused', restricted: by.restricted }, transaction)
  return paused.length
}

/** Ends the pauses of a recovery that was stopped: those since then (ms since 1970 UTC). */
export async function endPauses(within: Database, personId: string, since: number): Promise<void> {
  await within
    .updateTable('upstream_links')
    .set({ paused_at: null })
    .where('person_id', '=', personId)
    .where('paused_at', '>=', since)
    .execute()
}
