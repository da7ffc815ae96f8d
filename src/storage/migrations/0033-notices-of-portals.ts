import type { Kysely } from 'kysely'

/** The due logout notices of each portal are found by the index alone, however many wait. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('logout_deliveries_of_portal')
    .on('logout_deliveries')
    .columns(['state', 'client_id', 'next_attempt_at', 'id'])
    .execute()
}
