import type { Kysely } from 'kysely'

/** Legal persons, the embedded business register, and mandates to act for a legal or natural person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema
    .createTable('business_register')
    .addColumn('uscc', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('representative_key', 'text', (column) => column.notNull())
    .addColumn('imported_at', 'bigint', (column) => column.notNull())
    .execute()

  await schema
    .createTable('principals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute()

  await schema
    .createTable('legal_persons')
    .addColumn('id', 'text', (column) => column.primaryKey().references('principals.id'))
    .addColumn('uscc', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('owner_id', 'text', (column) => column.references('natural_persons.id'))
    .addColumn('representative_key', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema.createIndex('legal_persons_owner').on('legal_persons').column('owner_id').execute()

  await schema
    .createTable('mandates')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('principal_id', 'text', (column) => column.notNull().references('principals.id'))
    .addColumn('person_id', 'text', (column) => column.references('natural_persons.id'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('matters', 'text', (column) => column.notNull())
    .addColumn('not_before', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('granted_by', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('parent_id', 'text', (column) => column.references('mandates.id'))
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('invitee_key', 'text')
    .addColumn('invitee_name', 'text')
    .addColumn('code_key', 'text')
    .addColumn('code_tries', 'integer', (column) => column.notNull())
    .addColumn('offer_ends_at', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema.createIndex('mandates_principal').on('mandates').column('principal_id').execute()
  await schema.createIndex('mandates_person').on('mandates').columns(['person_id', 'state']).execute()
  await schema.createIndex('mandates_invitee').on('mandates').columns(['invitee_key', 'state']).execute()

  await schema
    .createTable('mandate_history')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('principal_id', 'text', (column) => column.notNull())
    .addColumn('mandate_id', 'text')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text')
    .addColumn('text', 'text')
    .addColumn('signature', 'text')
    .execute()
  await schema.createIndex('mandate_history_principal').on('mandate_history').columns(['principal_id', 'id']).execute()

  await schema
    .createTable('representee_choices')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('principal_id', 'text')
    .addColumn('chosen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('representee_choices_key', ['person_id', 'client_id'])
    .execute()

  await schema
    .createTable('representation_endings')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('principal_id', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema.createIndex('representation_endings_due').on('representation_endings').column('due_at').execute()
}
