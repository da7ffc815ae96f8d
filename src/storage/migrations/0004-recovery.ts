import type { Kysely } from 'kysely'

/** Since when sign-ins count: all before end with a recovery or a new password, also those that are under way. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('natural_persons').addColumn('signed_out_at', 'bigint').execute()
}
