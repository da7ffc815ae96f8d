import type { Kysely } from 'kysely'

/** How each link was made, its hold, undo and pause. Also the links that a person is asked about, or has refused. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  // links of before are all of imports
  await schema
    .alterTable('upstream_links')
    .addColumn('way', 'text', (column) => column.notNull().defaultTo('import'))
    .execute()
  await schema.alterTable('upstream_links').addColumn('undo_until', 'bigint').execute()
  await schema.alterTable('upstream_links').addColumn('held_until', 'bigint').execute()
  await schema.alterTable('upstream_links').addColumn('paused_at', 'bigint').execute()
  await schema
    .createTable('upstream_offers')
    .addColumn('upstream', 'text', (column) => column.notNull())
    .addColumn('subject_index', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('batch', 'text')
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('upstream_offers_key', ['upstream', 'subject_index', 'person_id'])
    .execute()
  await schema.createIndex('upstream_offers_person').on('upstream_offers').column('person_id').execute()
  await schema.createIndex('upstream_offers_batch').on('upstream_offers').columns(['batch', 'subject_index']).execute()
}
