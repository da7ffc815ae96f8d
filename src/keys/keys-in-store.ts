import { z } from 'zod'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { BlindIndex } from './blind-index.ts'

/** Rows of `house`: a fingerprint under the keys a store belongs to, and the ids of those it is kept under. */
export const houseRows = { belonging: 'data-keys', ids: 'key-ids' } as const

const schema = z.object({
  /** Seals what is new. */
  data: z.string(),
  /** Accounts stand under these, newest first; more than one while they are indexed anew. */
  index: z.tuple([z.string()], z.string()),
})

/** Ids of the keys a store is kept under: a key file may be older than the store, and a restored store than the file. */
export type KeysInStore = z.infer<typeof schema>

export async function readKeysInStore(within: Database | DatabaseTransaction): Promise<KeysInStore> {
  const { value } = await within
    .selectFrom('house')
    .select('value')
    .where('key', '=', houseRows.ids)
    .executeTakeFirstOrThrow()
  return schema.parse(JSON.parse(value))
}

export async function writeKeysInStore(transaction: DatabaseTransaction, ids: KeysInStore): Promise<void> {
  await transaction
    .updateTable('house')
    .set({ value: JSON.stringify(ids) })
    .where('key', '=', houseRows.ids)
    .execute()
}

/**
 * What stands in `belonging`. Older versions look accounts up under the first key of an old key file only: they accept the
 * first of these, and refuse to start on a store whose accounts stand under another key.
 */
export const belonging = (blindIndex: BlindIndex) => ({
  underFirstKey: blindIndex('house', 'these are the data keys of this store'),
  underIndexKeys: blindIndex('house', 'accounts of this store are found by keys of their own'),
})
