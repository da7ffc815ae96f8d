import type { Kysely } from 'kysely'

/** A person merges an account of theirs into another. Portals that knew the merged one learn its subject. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('merged_accounts')
    .addColumn('merged_id', 'text', (column) => column.primaryKey().references('natural_persons.id'))
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('merged_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('merged_accounts_person').on('merged_accounts').column('person_id').execute()
  await db.schema
    .createTable('merged_portals')
    .addColumn('merged_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('merged_portals_key', ['merged_id', 'client_id'])
    .execute()
}
