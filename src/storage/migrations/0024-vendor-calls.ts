import type { Kysely } from 'kysely'

/** When a vendor last answered, and last did not: for `doctor`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('vendor_calls')
    .addColumn('vendor', 'text', (column) => column.primaryKey())
    .addColumn('succeeded_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('fault', 'text')
    .execute()
}
