import { z } from 'zod'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { BlindIndex } from './blind-index.ts'

/** Rows of `house`: a fingerprint under the keys a store belongs to, and the ids of those it is kept under. */
export const storeFacts = { belonging: 'data-keys', ids: 'key-ids' } as const

const schema = z.object({
  /** Seals what is new. */
  data: z.string(),
  /** Accounts stand under these, newest first; more than one while they are indexed anew. */
  index: z.tuple([z.string()], z.string()),
  /** Which key a name is, by a fingerprint that is worth nothing to anybody: two machines may each make a key of one name. */
  fingerprints: z.record(z.string(), z.string()).default({}),
})

/** Ids of the keys a store is kept under: a key file may be older than the store, and a restored store than the file. */
export type KeysInStore = z.infer<typeof schema>

export async function readKeysInStore(within: Database | DatabaseTransaction): Promise<KeysInStore> {
  const { value } = await within
    .selectFrom('house')
    .select('value')
    .where('key', '=', storeFacts.ids)
    .executeTakeFirstOrThrow()
  return schema.parse(JSON.parse(value))
}

export async function writeKeysInStore(transaction: DatabaseTransaction, ids: KeysInStore): Promise<void> {
  await transaction
    .updateTable('house')
    .set({ value: JSON.stringify(ids) })
    .where('key', '=', storeFacts.ids)
    .execute()
}

/**
 * Says in the store which keys these names are, where it does not say yet. A key is claimed before anything stands under it.
 * @returns the names that are other keys there: what this machine sealed under them nobody else could open
 */
export async function claimKeys(
  database: Database,
  { fingerprint }: { fingerprint(id: string): string | undefined },
  names: readonly string[],
): Promise<string[]> {
  const own = Object.fromEntries(names.map((id) => [id, fingerprint(id) ?? '']))
  const claim = (stored: KeysInStore) => ({ ...own, ...stored.fingerprints })
  const others = (stored: KeysInStore) => names.filter((id) => claim(stored)[id] !== own[id])
  const before = await readKeysInStore(database)
  if (names.every((id) => id in before.fingerprints)) return others(before)
  return database.transaction().execute(async (transaction) => {
    // writers take turns: whoever is second reads what the first has said
    const stored = await readKeysInStore(transaction)
    await writeKeysInStore(transaction, { ...stored, fingerprints: claim(stored) })
    return others(stored)
  })
}

/** Gives up the name of a key that nothing stands under. */
export async function releaseKey(transaction: DatabaseTransaction, id: string): Promise<void> {
  const { fingerprints, ...stored } = await readKeysInStore(transaction)
  const { [id]: _gone, ...left } = fingerprints
  await writeKeysInStore(transaction, { ...stored, fingerprints: left })
}

/**
 * What stands in `belonging`. Older versions look accounts up under the first key of an old key file only: they accept the
 * first of these, and refuse to start on a store whose accounts stand under another key.
 */
export const keyFingerprint = (blindIndex: BlindIndex) => ({
  underFirstKey: blindIndex('house', 'these are the data keys of this store'),
  underIndexKeys: blindIndex('house', 'accounts of this store are found by keys of their own'),
})
