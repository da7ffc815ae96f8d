import type { Kysely } from 'kysely'

/** Earliest valid sign-in: a recovery or a new password ends all earlier ones, also those under way. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('natural_persons').addColumn('signed_out_at', 'bigint').execute()
}
