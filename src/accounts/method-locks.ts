import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'
import { orUndo, Undo } from './undo.ts'
import { countWaysIn, type WaysIn } from './sign-in-kinds.ts'

export interface MethodLock {
  method: string
  reason: Tables['method_locks']['reason']
  /** Milliseconds since 1970 UTC. */
  lockedAt: number
}

/** Login methods that are off for a person: switched off by the person, or locked after a stranger's sign-in. */
export interface MethodLocks {
  list(personId: string): Promise<MethodLock[]>
  locked(personId: string, method: string): Promise<boolean>
  /** False when it was off already, or with `keepOne` when no way to sign in would be left. The person is notified. */
  lock(
    personId: string,
    method: string,
    reason: MethodLock['reason'],
    by: Actor,
    options?: { keepOne: boolean },
  ): Promise<boolean>
  /** False when it was not off. The person is notified. */
  unlock(personId: string, method: string, by: Actor, within?: DatabaseTransaction): Promise<boolean>
}

export function createMethodLocks(
  options: WaysIn & {
    database: Database
    audit: AuditLog
    notifier: Notifier
    clock: Clock
  },
): MethodLocks {
  const { database, audit, notifier, clock } = options

  return {
    async list(personId) {
      const rows = await database.selectFrom('method_locks').selectAll().where('person_id', '=', personId).execute()
      return rows.map(({ method, reason, locked_at: lockedAt }) => ({ method, reason, lockedAt }))
    },
    async locked(personId, method) {
      const row = await database
        .selectFrom('method_locks')
        .select('method')
        .where('person_id', '=', personId)
        .where('method', '=', method)
        .executeTakeFirst()
      return row !== undefined
    },
    async lock(personId, method, reason, by, { keepOne } = { keepOne: false }) {
      const locked = await orUndo(database, async (transaction) => {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('method_locks')
          .values({ person_id: personId, method, reason, locked_at: clock() })
          .onConflict((conflict) => conflict.columns(['person_id', 'method']).doNothing())
          .executeTakeFirst()
        if (numInsertedOrUpdatedRows === 0n) return false
        if (keepOne && (await countWaysIn(options, personId, transaction)) === 0) throw new Undo()
        await audit.append(transaction, { event: 'method.locked', ...by, personId, details: { method, reason } })
        const details = { method, reason }
        await notifier.notify({ personId, kind: 'method-locked', details, restricted: by.restricted }, transaction)
        return true
      })
      return locked ?? false
    },
    unlock(personId, method, by, within) {
      return within ? unlockIn(within) : database.transaction().execute(unlockIn)

      async function unlockIn(transaction: DatabaseTransaction) {
        const { numDeletedRows } = await transaction
          .deleteFrom('method_locks')
          .where('person_id', '=', personId)
          .where('method', '=', method)
          .executeTakeFirst()
        if (numDeletedRows === 0n) return false
        await audit.append(transaction, { event: 'method.unlocked', ...by, personId, details: { method } })
        const { restricted } = by
        await notifier.notify({ personId, kind: 'method-unlocked', details: { method }, restricted }, transaction)
        return true
      }
    },
  }
}
