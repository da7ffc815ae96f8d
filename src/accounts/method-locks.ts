import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../config/clock.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'

export interface MethodLock {
  method: string
  reason: Tables['method_locks']['reason']
  /** Milliseconds since 1970 UTC. */
  lockedAt: number
}

/** Ways to sign in that are off for a person: switched off by themself, or locked after a sign-in that was not theirs. */
export interface MethodLocks {
  list(personId: string): Promise<MethodLock[]>
  locked(personId: string, method: string): Promise<boolean>
  /**
   * False when it was off already, and when it is the last on of the `ways` this person has, where they are given. The person
   * is told.
   */
  lock(
    personId: string,
    method: string,
    reason: MethodLock['reason'],
    by: Actor,
    ways?: readonly string[],
  ): Promise<boolean>
  /** False when it was not off. The person is told. */
  unlock(personId: string, method: string, by: Actor, within?: DatabaseTransaction): Promise<boolean>
}

export function createMethodLocks(options: {
  database: Database
  audit: AuditTrail
  notifier: Notifier
  clock: Clock
}): MethodLocks {
  const { database, audit, notifier, clock } = options

  const offIn = async (within: Database, personId: string) =>
    new Set(
      (await within.selectFrom('method_locks').select('method').where('person_id', '=', personId).execute()).map(
        ({ method }) => method,
      ),
    )

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
    lock: (personId, method, reason, by, ways) =>
      database.transaction().execute(async (transaction) => {
        if (ways) {
          // looked at in the transaction: two switches at once must not leave nothing
          const off = await offIn(transaction, personId)
          if (!ways.some((way) => way !== method && !off.has(way))) return false
        }
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('method_locks')
          .values({ person_id: personId, method, reason, locked_at: clock() })
          .onConflict((conflict) => conflict.columns(['person_id', 'method']).doNothing())
          .executeTakeFirst()
        if (numInsertedOrUpdatedRows === 0n) return false
        await audit.append(transaction, { event: 'method.locked', ...by, personId, details: { method, reason } })
        const details = { method, reason }
        await notifier.notify({ personId, kind: 'method-locked', details, restricted: by.restricted }, transaction)
        return true
      }),
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
