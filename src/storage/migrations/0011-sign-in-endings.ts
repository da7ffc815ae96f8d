import type { Kysely } from 'kysely'

/** What of a person's sign-ins was ended, so that it stays ended whatever the artifact store forgets. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('natural_persons')
    .addColumn('sign_in_epoch', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema.alterTable('natural_persons').addColumn('sign_in_marks', 'text').execute()
  await db.schema.alterTable('session_endings').addColumn('ended_at', 'bigint').execute()
}
