import type { Kysely } from 'kysely'

/** Hardware tokens of one-time codes, before each is given to a person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('otp_tokens')
    .addColumn('serial_index', 'text', (column) => column.primaryKey())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('imported_at', 'bigint', (column) => column.notNull())
    .execute()
}
