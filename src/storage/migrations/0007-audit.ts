import type { Kysely } from 'kysely'

/** Signed checkpoints and archives of the audit log. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema
    .createTable('audit_checkpoints')
    .addColumn('last_sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('first_sequence', 'bigint', (column) => column.notNull().unique())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('signed', 'text', (column) => column.notNull())
    .execute()

  await schema
    .createTable('audit_archives')
    .addColumn('month', 'text', (column) => column.primaryKey())
    .addColumn('first_sequence', 'bigint', (column) => column.notNull())
    .addColumn('last_sequence', 'bigint', (column) => column.notNull())
    .addColumn('last_hash', 'text', (column) => column.notNull())
    .addColumn('file_hash', 'text', (column) => column.notNull())
    .addColumn('archived_at', 'bigint', (column) => column.notNull())
    .execute()
}
