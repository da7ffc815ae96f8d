import { PostgresAdapter, sql, type Kysely } from 'kysely'
import { divideAuditLog, keepHead } from '../audit-partitions.ts'

/**
 * Most entries that a migration divides. `yideng audit divide` divides a longer log without blocking writers
 * (docs/deploy.md).
 */
const fewEntries = 500_000

/** Monthly partitions of the audit log on PostgreSQL. */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return
  await keepHead(db)
  const { rows } = await sql<{ many: number; now: number }>`
    select count(*) as many, floor(extract(epoch from now()) * 1000)::bigint as now
    from (select 1 from audit_events limit ${sql.lit(fewEntries + 1)}) as looked`.execute(db)
  const { many, now } = rows[0] ?? { many: 0, now: 0 }
  if (many <= fewEntries) await divideAuditLog(db, now)
}
