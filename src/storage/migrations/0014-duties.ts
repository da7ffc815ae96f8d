import type { Kysely } from 'kysely'

/** Document numbers that change accounts after a waiting period; wrong codes of invitations by person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema
    .createTable('number_claims')
    .addColumn('claimant_id', 'text', (column) => column.primaryKey().references('natural_persons.id'))
    .addColumn('holder_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('asked_by', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema.createIndex('number_claims_due').on('number_claims').column('due_at').execute()

  await schema
    .createTable('mandate_code_tries')
    .addColumn('mandate_id', 'text', (column) => column.notNull().references('mandates.id'))
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('opened_at', 'bigint')
    .addPrimaryKeyConstraint('mandate_code_tries_key', ['mandate_id', 'person_id'])
    .execute()
}
