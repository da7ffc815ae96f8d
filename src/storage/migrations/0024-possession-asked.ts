import type { Kysely } from 'kysely'

/** When a person at level 3 by the rule before was asked after signing in to show a possession. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('natural_persons').addColumn('possession_asked_at', 'bigint').execute()
}
