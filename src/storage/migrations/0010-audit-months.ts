import { PostgresAdapter, sql, type Kysely } from 'kysely'
import { divideAuditLog, keepHead } from '../audit-partitions.ts'

/** A trail of more entries is divided by `yideng audit divide`, which holds nobody up (docs/deploy.md). */
const fewEntries = 500_000

/** PostgreSQL keeps the audit trail in a partition a month. */
export async function up(db: Kysely<unknown>): Promise<void> {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return
  await keepHead(db)
  const { rows } = await sql<{ many: number; now: number }>`
    select count(*) as many, floor(extract(epoch from now()) * 1000)::bigint as now
    from (select 1 from audit_events limit ${sql.lit(fewEntries + 1)}) as looked`.execute(db)
  const { many, now } = rows[0] ?? { many: 0, now: 0 }
  if (many <= fewEntries) await divideAuditLog(db, now)
}
