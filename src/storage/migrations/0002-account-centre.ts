import type { Kysely } from 'kysely'

/** Data of /account: devices, notices, disabled ways to sign in, recovery, closing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema.alterTable('natural_persons').addColumn('held_until', 'bigint').execute()
  await schema.alterTable('natural_persons').addColumn('closes_at', 'bigint').execute()

  await schema
    .createTable('devices')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('device_key', 'text', (column) => column.notNull())
    .addColumn('browser', 'text', (column) => column.notNull())
    .addColumn('first_seen_at', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('devices_key', ['person_id', 'device_key'])
    .execute()

  await schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('restricted', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('read_at', 'bigint')
    .execute()
  await schema.createIndex('notices_person').on('notices').columns(['person_id', 'created_at']).execute()

  await schema
    .createTable('method_locks')
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('locked_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('method_locks_key', ['person_id', 'method'])
    .execute()
}
