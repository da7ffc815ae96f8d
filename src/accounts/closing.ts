import { dayMs } from '../config/time.ts'
import type { DatabaseTransaction } from '../storage/database.ts'
import { erasePerson, type EraseDeps } from './closing/erase.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'

/** Closing of accounts: requested, reversible for some days, then everything is erased but the audit log. */
export interface Closing {
  /** Returns the time of closing. Undefined where the account is not active, or is being closed. All sign-ins end. */
  ask(personId: string, by: Actor): Promise<number | undefined>
  /** Cancels the closing. False where none was requested, or the account is closed. */
  keep(personId: string, by: Actor): Promise<boolean>
  /** Accounts to close now, and those whose closing another process began and did not finish. */
  due(): Promise<string[]>
  /**
   * Erases a due account in one transaction, unless the person has kept it. True when the caller has to end the rest (sessions,
   * mandates) and then call `done`. After a crash another process continues half a minute later.
   */
  erase(personId: string): Promise<boolean>
  done(personId: string): Promise<void>
}

export interface ClosingDeps extends EraseDeps {
  notifier: Notifier
  /** Days until a requested closing is carried out. */
  days: number
}

export function createClosing(deps: ClosingDeps): Closing {
  const { database, clock } = deps
  return {
    ask: (personId, by) =>
      database.transaction().execute((transaction) => requestClosing(deps, transaction, personId, by)),
    keep: (personId, by) =>
      database.transaction().execute((transaction) => cancelClosing(deps, transaction, personId, by)),
    async due() {
      const rows = await database.selectFrom('natural_persons').select('id').where('closes_at', '<=', clock()).execute()
      return rows.map(({ id }) => id)
    },
    erase: (personId) => erasePerson(deps, personId),
    async done(personId) {
      await database
        .updateTable('natural_persons')
        .set({ closes_at: null })
        .where('id', '=', personId)
        .where('status', '=', 'closed')
        .execute()
    },
  }
}

async function requestClosing(deps: ClosingDeps, transaction: DatabaseTransaction, personId: string, by: Actor) {
  const { audit, notifier, endSignIns, clock, days } = deps
  const now = clock()
  const closesAt = now + days * dayMs
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ closes_at: closesAt, updated_at: now })
    .where('id', '=', personId)
    .where('status', '=', 'active')
    .where('closes_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return undefined
  await endSignIns(transaction, personId, { but: [] })
  const details = { closesAt: String(closesAt) }
  await audit.append(transaction, { event: 'person.closing', ...by, personId, details })
  await notifier.notify({ personId, kind: 'account-closing', details, restricted: by.restricted }, transaction)
  return closesAt
}

async function cancelClosing(deps: ClosingDeps, transaction: DatabaseTransaction, personId: string, by: Actor) {
  const { audit, notifier, clock } = deps
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({ closes_at: null, updated_at: clock() })
    .where('id', '=', personId)
    .where('status', '=', 'active')
    .where('closes_at', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await audit.append(transaction, { event: 'person.kept', ...by, personId, details: {} })
  await notifier.notify({ personId, kind: 'account-kept', restricted: by.restricted }, transaction)
  return true
}
