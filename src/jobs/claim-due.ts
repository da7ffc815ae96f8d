import { sql, type Selectable } from 'kysely'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'

/** Tables of work that is due at a time: the key, and the column of the due time. */
const queues = {
  session_endings: { key: 'person_id', due: 'due_at' },
  representation_endings: { key: 'id', due: 'due_at' },
  number_claims: { key: 'claimant_id', due: 'due_at' },
} as const

type Queue = keyof typeof queues

type Row<Table extends Queue> = Selectable<Tables[Table]>

const claimedAtOnce = 50

/**
 * Claims due rows, so that one of several processes works on each.
 * @param lease.until due time of a claimed row, in milliseconds since 1970 UTC: then another process may take it over
 * @returns the rows as they were before the claim
 */
export async function claimDue<Table extends Queue>(
  database: Database,
  table: Table,
  lease: { now: number; until: number },
): Promise<Row<Table>[]> {
  const { due } = queues[table]
  const { rows } = await sql<Row<Table>>`select * from ${sql.table(table)}
    where ${sql.ref(due)} <= ${lease.now} order by ${sql.ref(due)} limit ${sql.lit(claimedAtOnce)}`.execute(database)
  return claimRows(database, table, rows, lease.until)
}

/** Claims these rows by compare-and-set on their due time; returns those that no other process claimed before. */
async function claimRows<Table extends Queue>(
  database: Database,
  table: Table,
  rows: readonly Row<Table>[],
  until: number,
): Promise<Row<Table>[]> {
  const { key, due } = queues[table]
  const claimed = await Promise.all(
    rows.map(async (row) => {
      const before = row as Row<Table> & Record<string, unknown>
      const { rows: won } = await sql`update ${sql.table(table)} set ${sql.ref(due)} = ${until}
        where ${sql.ref(key)} = ${before[key]} and ${sql.ref(due)} = ${before[due]}
        returning ${sql.ref(key)}`.execute(database)
      return won.length === 1 ? [row] : []
    }),
  )
  return claimed.flat()
}

/** The earliest due time, in milliseconds since 1970 UTC; undefined when no row waits. */
export async function firstDue(database: Database, table: Queue): Promise<number | undefined> {
  const { due } = queues[table]
  const { rows } = await sql<{ at: number | null }>`select min(${sql.ref(due)}) as at from ${sql.table(table)}
    where ${sql.ref(due)} is not null`.execute(database)
  return rows[0]?.at ?? undefined
}
