import type { Kysely } from 'kysely'

/** Seals of portals, administrators and mandates: write access to the store alone changes no rights. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['clients', 'administrators', 'mandates'])
    await db.schema.alterTable(table).addColumn('mac', 'text').execute()
}
