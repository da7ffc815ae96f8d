import type { Kysely } from 'kysely'

/** The seal of each link: write access to the store alone does not give an account of an upstream to another person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('upstream_links').addColumn('mac', 'text').execute()
}
