import type { Kysely } from 'kysely'

/** Proofs that a person holds a telephone number, and the embedded register of the owners of numbers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('phone_proofs')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('phone_index', 'text', (column) => column.notNull())
    .addColumn('how', 'text', (column) => column.notNull())
    .addColumn('first_at', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addPrimaryKeyConstraint('phone_proofs_key', ['person_id', 'phone_index', 'how'])
    .execute()
  await db.schema.alterTable('natural_persons').addColumn('recovery_held_until', 'bigint').execute()
  await db.schema.createIndex('phone_proofs_phone').on('phone_proofs').column('phone_index').execute()
  await db.schema
    .createTable('phone_register')
    .addColumn('phone_index', 'text', (column) => column.primaryKey())
    .addColumn('owner_index', 'text', (column) => column.notNull())
    .addColumn('imported_at', 'bigint', (column) => column.notNull())
    .execute()
}
