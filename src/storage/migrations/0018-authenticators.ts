import type { Kysely } from 'kysely'

/** Authenticators bound to their person by a seal, and held after a recovery; what a person signed is found by who it was. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('authenticators').addColumn('mac', 'text').execute()
  await db.schema.alterTable('authenticators').addColumn('held_at', 'bigint').execute()
  await db.schema
    .createIndex('mandate_history_person')
    .on('mandate_history')
    .columns(['person_id', 'id'])
    .where('signature' as never, 'is not', null)
    .execute()
  await db.schema.createIndex('mandate_history_mandate').on('mandate_history').column('mandate_id').execute()
}
