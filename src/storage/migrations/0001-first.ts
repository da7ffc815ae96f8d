import type { Kysely } from 'kysely'

/** Written once for SQLite and PostgreSQL: text, integer and bigint only, times as bigint milliseconds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema
    .createTable('house')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()

  await schema
    .createTable('natural_persons')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('document_type', 'text', (column) => column.notNull())
    .addColumn('document_number', 'text', (column) => column.notNull())
    .addColumn('document_index', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('phone', 'text', (column) => column.notNull())
    .addColumn('phone_index', 'text', (column) => column.notNull())
    .addColumn('username', 'text', (column) => column.notNull())
    .addColumn('username_index', 'text', (column) => column.notNull().unique())
    .addColumn('identity_level', 'integer', (column) => column.notNull())
    .addColumn('proofed_at', 'bigint')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  // An unproven number may be claimed by several accounts; a proven one belongs to exactly one.
  await schema
    .createIndex('natural_persons_proven_document')
    .on('natural_persons')
    .columns(['document_type', 'document_index'])
    .unique()
    .where('identity_level' as never, '>=', 3)
    .execute()
  await schema.createIndex('natural_persons_document').on('natural_persons').column('document_index').execute()
  await schema.createIndex('natural_persons_phone').on('natural_persons').column('phone_index').execute()

  await schema
    .createTable('authenticators')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('lookup_key', 'text')
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint')
    .addUniqueConstraint('authenticators_lookup', ['kind', 'lookup_key'])
    .execute()
  await schema.createIndex('authenticators_person').on('authenticators').columns(['person_id', 'kind']).execute()

  await schema
    .createTable('notice_consents')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('notice_version', 'text', (column) => column.notNull())
    .addColumn('given_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('notice_consents_key', ['person_id', 'notice_version'])
    .execute()

  await schema
    .createTable('clients')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()

  await schema
    .createTable('consents')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('granted', 'text', (column) => column.notNull())
    .addColumn('given_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('consents_key', ['person_id', 'client_id'])
    .execute()

  await schema
    .createTable('population_register')
    .addColumn('document_type', 'text', (column) => column.notNull())
    .addColumn('document_index', 'text', (column) => column.notNull())
    .addColumn('name_index', 'text', (column) => column.notNull())
    .addColumn('imported_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('population_register_key', ['document_index'])
    .execute()

  await schema
    .createTable('logout_deliveries')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_attempt_at', 'bigint', (column) => column.notNull())
    .addColumn('last_result', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema
    .createIndex('logout_deliveries_due')
    .on('logout_deliveries')
    .columns(['state', 'next_attempt_at'])
    .execute()

  await schema
    .createTable('audit_events')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('restricted', 'text')
    .addColumn('previous_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute()
  await schema.createIndex('audit_events_person').on('audit_events').columns(['person_id', 'at']).execute()
}
