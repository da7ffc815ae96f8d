import { sql } from 'kysely'
import { dayMs } from '../config/time.ts'
import { beginOf, monthAfter, monthOf } from '../config/months.ts'
import { divideAuditLog, firstEnd, shortly } from './audit-partitions.ts'
import type { Database } from './database.ts'

/** Months are created this long before they begin. */
const aheadMs = 60 * dayMs

interface Partition {
  name: string
  /** End of the partition's entries, milliseconds since 1970 UTC; undefined for the rest partition. */
  until: number | undefined
}

/** Whether the audit log is partitioned already. */
export async function isDivided(database: Database): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_partitioned_table
    where partrelid = to_regclass('audit_events')`.execute(database)
  return rows.length > 0
}

/**
 * Divides a long audit log while servers write. PostgreSQL first validates a constraint on its end, which blocks no
 * writer. The division itself then reads no row.
 */
export async function divideLongAuditLog(database: Database, now: number): Promise<void> {
  const release = sql`alter table audit_events drop constraint if exists audit_events_until`
  await database.connection().execute(async (connection) => {
    await sql`set statement_timeout = 0`.execute(connection)
    await release.execute(connection)
    await sql`alter table audit_events add constraint audit_events_until
      check (at < ${sql.lit(firstEnd(now))}) not valid`.execute(connection)
    try {
      await sql`alter table audit_events validate constraint audit_events_until`.execute(connection)
      await connection.transaction().execute((transaction) => divideAuditLog(transaction, now))
      await sql`alter table audit_events_first drop constraint audit_events_until`.execute(connection)
    } finally {
      // the constraint must not stay after a failed division: it would refuse entries of later months
      if (!(await isDivided(connection))) await release.execute(connection)
      await sql`reset statement_timeout`.execute(connection)
    }
  })
}

async function partitionsOf(database: Database): Promise<Partition[]> {
  const { rows } = await sql<{ name: string; bound: string }>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass('audit_events') order by c.relname`.execute(database)
  return rows.map(({ name, bound }) => {
    const until = /TO \('?(\d+)'?\)$/.exec(bound)?.[1]
    return { name, until: until === undefined ? undefined : Number(until) }
  })
}

/** Months from now until `until` without a partition; none when the audit log is not partitioned. */
export async function missingMonths(database: Database, now: number, until: number): Promise<string[]> {
  const partitions = await partitionsOf(database)
  if (partitions.length === 0) return []
  const covered = monthOf(Math.max(now, ...partitions.map((one) => one.until ?? 0)))
  const missing: string[] = []
  for (let month = covered; month <= monthOf(until); month = monthAfter(month)) missing.push(month)
  return missing
}

/** Creates the partitions of the coming months. Any number of processes may call it at once. */
export async function makeMonthsAhead(database: Database, now: number): Promise<string[]> {
  if ((await missingMonths(database, now, now + aheadMs)).length === 0) return []
  return database.transaction().execute(async (transaction) => {
    await shortly.execute(transaction)
    const months = await missingMonths(transaction, now, now + aheadMs)
    for (const month of months) {
      const table = sql.table(`audit_events_${month.replace('-', '_')}`)
      const [from, to] = [sql.lit(beginOf(month)), sql.lit(beginOf(monthAfter(month)))]
      // created apart and attached: readers of the other months do not block it
      await sql`create table ${table} (like audit_events including all, primary key (sequence))`.execute(transaction)
      await sql`alter table audit_events attach partition ${table} for values from (${from}) to (${to})`.execute(
        transaction,
      )
    }
    return months
  })
}

/** Number of entries outside all months: they were written while no month was created ahead. */
export async function entriesInRest(database: Database): Promise<number> {
  const { rows } = await sql<{ many: number }>`select count(*) as many from audit_events_rest`.execute(database)
  return rows[0]?.many ?? 0
}

/** Numbers of archived entries of one chain. */
export interface ArchivedRange {
  first: number
  last: number
}

/** Drops the partitions of past months without entries outside the archives. Remaining entries are deleted row by row. */
export async function dropArchivedMonths(
  database: Database,
  archived: readonly ArchivedRange[],
  now: number,
): Promise<string[]> {
  const inArchive = sql.join(
    archived.map(({ first, last }) => sql`sequence between ${sql.lit(first)} and ${sql.lit(last)}`),
    sql` or `,
  )
  const past = (await partitionsOf(database)).filter(
    ({ until }) => until !== undefined && until <= beginOf(monthOf(now)),
  )
  const dropped: string[] = []
  for (const { name } of past) {
    const gone = await database.transaction().execute(async (transaction) => {
      await shortly.execute(transaction)
      const { rows } = await sql`select 1 from ${sql.table(name)}
        where not (${inArchive}) limit 1`.execute(transaction)
      if (rows.length > 0) return false
      await sql`drop table ${sql.table(name)}`.execute(transaction)
      return true
    })
    if (gone) dropped.push(name)
  }
  return dropped
}
