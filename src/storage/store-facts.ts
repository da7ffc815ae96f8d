import type { Database, DatabaseTransaction } from './database.ts'

/** A fact about the store as a whole: one row of its table. */
export async function readFact(within: Database | DatabaseTransaction, key: string): Promise<string | undefined> {
  const row = await within.selectFrom('house').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}

/** Writes a fact only if the store has none of this key. @returns the fact that the store has now */
export async function noteFact(database: Database, key: string, value: string): Promise<string> {
  await database
    .insertInto('house')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
  return (await readFact(database, key)) ?? value
}

/** Writes a fact over an earlier one. */
export async function replaceFact(transaction: DatabaseTransaction, key: string, value: string): Promise<void> {
  await transaction
    .insertInto('house')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
