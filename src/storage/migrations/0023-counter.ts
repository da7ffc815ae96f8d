import type { Kysely } from 'kysely'

/** The counter: people are found by their exact name, and the lookups of each administrator are counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.alterTable('natural_persons').addColumn('name_index', 'text').execute()
  await schema.createIndex('natural_persons_name').on('natural_persons').column('name_index').execute()
  await schema
    .createTable('person_lookups')
    .addColumn('actor', 'text', (column) => column.primaryKey())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('lookups', 'bigint', (column) => column.notNull())
    .execute()
}
