import type { Kysely } from 'kysely'

/** People whose sessions one of the servers has to end. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('session_endings')
    .addColumn('person_id', 'text', (column) => column.primaryKey())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .execute()
}
