import type { Kysely } from 'kysely'

/** People whose sessions are to be ended by whichever server sees it first. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('session_endings')
    .addColumn('person_id', 'text', (column) => column.primaryKey())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .execute()
}
