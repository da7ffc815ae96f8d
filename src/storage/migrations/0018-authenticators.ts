import type { Kysely } from 'kysely'

/** Authenticators: sealed to their person, held after a recovery, and findable by the person for signatures. */
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
