import { sql, type Kysely } from 'kysely'

/** How people have shown once that they are the person of their document. Level 3 needs it from now on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('natural_persons').addColumn('possession', 'text').execute()
  await sql`update natural_persons set possession = 'biometric' where face_proofed_at is not null`.execute(db)
  // the few accounts of level 3 without it are found each day, until their time is over
  await db.schema
    .createIndex('natural_persons_old_proof')
    .on('natural_persons')
    .column('id')
    .where(sql<boolean>`identity_level = 3 and possession is null`)
    .execute()
}
