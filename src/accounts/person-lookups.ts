import { sql } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { NaturalPerson, NaturalPersons, Sought } from './natural-persons.ts'

/** Finds people for an administrator by what the person at the counter shows. */
export interface PersonLookups {
  /**
   * The accounts that one of the values fits, at most `mostFound`. The audit log gets who asked, in which command and by
   * which kinds of values, never the values.
   * @returns undefined where the administrator asked too often (`budgets.lookups`)
   */
  look(
    sought: readonly Sought[],
    asked: { actor: string; command: string },
  ): Promise<readonly NaturalPerson[] | undefined>
}

/** More accounts than this fit a common name only. */
export const mostFound = 20

export function createPersonLookups(deps: {
  database: Database
  persons: Pick<NaturalPersons, 'findAll'>
  audit: AuditLog
  clock: Clock
}): PersonLookups {
  const { database, persons, audit, clock } = deps
  return {
    async look(sought, { actor, command }) {
      const lookups = await database.transaction().execute(async (transaction) => {
        const made = await countOne(transaction, actor, clock())
        // the first one over the budget has its entry too; the others leave nothing
        const refused = { event: 'administrator.looked-up', actor, details: { command, refused: true } } as const
        if (made === budgets.lookups.most + 1) await audit.append(transaction, refused)
        return made
      })
      if (lookups > budgets.lookups.most) return undefined
      const found = await persons.findAll(sought, mostFound + 1)
      const by = [...new Set(sought.map(({ kind }) => kind))]
      const details = { command, by, found: Math.min(found.length, mostFound) }
      const [only] = found.length === 1 ? found : []
      await audit.record({ event: 'administrator.looked-up', actor, personId: only?.id, details })
      return found
    },
  }
}

/** Counts one lookup in one statement, so that parallel ones are all counted. Returns the number in this period. */
async function countOne(transaction: DatabaseTransaction, actor: string, now: number): Promise<number> {
  const over = now - budgets.lookups.seconds * 1000
  const { lookups } = await transaction
    .insertInto('person_lookups')
    .values({ actor, began_at: now, lookups: 1 })
    .onConflict((conflict) =>
      conflict.column('actor').doUpdateSet((row) => ({
        lookups: sql<number>`case when ${row.ref('person_lookups.began_at')} <= ${over} then 1 else ${row.ref('person_lookups.lookups')} + 1 end`,
        began_at: sql<number>`case when ${row.ref('person_lookups.began_at')} <= ${over} then ${now} else ${row.ref('person_lookups.began_at')} end`,
      })),
    )
    .returning('lookups')
    .executeTakeFirstOrThrow()
  return lookups
}
