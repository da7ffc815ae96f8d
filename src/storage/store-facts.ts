import { z } from 'zod'
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
export async function replaceFact(within: Database | DatabaseTransaction, key: string, value: string): Promise<void> {
  await within
    .insertInto('house')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/**
 * Changes a fact unless another writer was faster.
 * @param before the fact that the caller has read; undefined for none
 * @returns whether it was written
 */
export async function changeFact(
  database: Database,
  key: string,
  before: string | undefined,
  value: string,
): Promise<boolean> {
  if (before === undefined) return (await noteFact(database, key, value)) === value
  const { numUpdatedRows } = await database
    .updateTable('house')
    .set({ value })
    .where('key', '=', key)
    .where('value', '=', before)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

const ids = z.array(z.string())

/**
 * Keeps a list of ids as a fact, and calls `end` with those that left it. It is written at the end: a process that dies
 * before it leaves the work to the next. May be repeated.
 */
export async function whenRemoved(
  database: Database,
  key: string,
  listed: readonly string[],
  end: (removed: readonly string[]) => Promise<void>,
): Promise<void> {
  const noted = await readFact(database, key)
  const now = JSON.stringify(listed.toSorted())
  if (noted === now) return
  const removed = ids.parse(JSON.parse(noted ?? '[]')).filter((id) => !listed.includes(id))
  if (removed.length > 0) await end(removed)
  await replaceFact(database, key, now)
}

const issuer = 'issuer'

/** A server that has started writes its address for the command line, whose own settings may be others. */
export const noteIssuer = (database: Database, address: string) => replaceFact(database, issuer, address)

/** The address of the server that started last on this store; undefined before the first start. */
export const notedIssuer = (database: Database) => readFact(database, issuer)

const backupAt = 'backup-at'

/** A backup that is whole and on disk is noted in the store that it was made of. @param at milliseconds since 1970 */
export const noteBackup = (database: Database, at: number) => replaceFact(database, backupAt, String(at))

/** Milliseconds since 1970 of the last backup; undefined before the first. */
export async function lastBackup(database: Database): Promise<number | undefined> {
  const at = Number((await readFact(database, backupAt)) ?? Number.NaN)
  return Number.isFinite(at) ? at : undefined
}
