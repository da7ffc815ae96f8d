import type { Kysely } from 'kysely'

/** When each channel's vendor last named a person, and when and why it last failed: one row for each channel. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('channel_answers')
    .addColumn('channel_id', 'text', (column) => column.primaryKey())
    .addColumn('succeeded_at', 'bigint')
    .addColumn('failed_at', 'bigint')
    .addColumn('failure', 'text')
    .execute()
}
