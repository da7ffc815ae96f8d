import type { Kysely } from 'kysely'

/** Ended sign-ins of a person: they stay ended even if the artifact store loses data. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('natural_persons')
    .addColumn('sign_in_epoch', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema.alterTable('natural_persons').addColumn('sign_in_marks', 'text').execute()
  await db.schema.alterTable('session_endings').addColumn('ended_at', 'bigint').execute()
}
