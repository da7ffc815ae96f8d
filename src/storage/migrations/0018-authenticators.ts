import type { Kysely } from 'kysely'

/** Authenticators bound to their person by a seal, and held after a recovery. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('authenticators').addColumn('mac', 'text').execute()
  await db.schema.alterTable('authenticators').addColumn('held_at', 'bigint').execute()
}
