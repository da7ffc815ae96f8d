import { sql, type Kysely } from 'kysely'

/** Links to accounts of existing systems, the files that were imported from them, and their password hashes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('upstream_links')
    .addColumn('upstream', 'text', (column) => column.notNull())
    .addColumn('subject_index', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('level', 'integer', (column) => column.notNull())
    .addColumn('document_index', 'text')
    .addColumn('alias', 'text')
    .addColumn('linked_at', 'bigint', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('batch', 'text')
    .addColumn('opened', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('upstream_links_key', ['upstream', 'subject_index'])
    .execute()
  await schema.createIndex('upstream_links_person').on('upstream_links').column('person_id').execute()
  await schema.createIndex('upstream_links_batch').on('upstream_links').columns(['batch', 'subject_index']).execute()
  await schema
    .createTable('import_batches')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('upstream', 'text', (column) => column.notNull())
    .addColumn('file_hash', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('lines_done', 'bigint', (column) => column.notNull())
    .addColumn('results', 'text', (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .execute()
  // imported hashes are found until they are wrapped, and then until they are replaced
  for (const [name, begins] of [
    ['authenticators_sealed_hash', '{"sealed"%'],
    ['authenticators_legacy_hash', '{"hash":"$legacy$%'],
  ] as const) {
    await schema
      .createIndex(name)
      .on('authenticators')
      .column('id')
      .where(sql<boolean>`data like ${sql.lit(begins)}`)
      .execute()
  }
}
