import { z } from 'zod'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { readFact, replaceFact } from '../storage/store-facts.ts'
import type { BlindIndex } from './blind-index.ts'

/** Facts of a store about its keys: a fingerprint of its key file, and the ids of the keys in use. */
export const storeFacts = { fingerprint: 'data-keys', ids: 'key-ids' } as const

const schema = z.object({
  /** The data key that seals new values. */
  data: z.string(),
  /** The keys that accounts are indexed under, newest first; several while accounts are indexed again. */
  index: z.tuple([z.string()], z.string()),
  /** Identifies each key by a harmless fingerprint, because two machines can each make a key of the same name. */
  fingerprints: z.record(z.string(), z.string()).default({}),
})

/** Ids of the keys a store uses. A key file can be older than the store, and a restored store older than the file. */
export type KeysInStore = z.infer<typeof schema>

/** @throws Error in a store without these facts */
export async function readKeysInStore(within: Database | DatabaseTransaction): Promise<KeysInStore> {
  const ids = await readFact(within, storeFacts.ids)
  if (ids === undefined) throw new Error('The store does not name its keys.')
  return schema.parse(JSON.parse(ids))
}

/** Names under which the store keeps values, where this key file has no key or another one. */
export const lackingKeys = (
  { fingerprint }: { fingerprint(id: string): string | undefined },
  { data, index, fingerprints }: KeysInStore,
): string[] =>
  [data, ...index].filter((id) => {
    const own = fingerprint(id)
    return own === undefined || (fingerprints[id] ?? own) !== own
  })

export const writeKeysInStore = (transaction: DatabaseTransaction, ids: KeysInStore): Promise<void> =>
  replaceFact(transaction, storeFacts.ids, JSON.stringify(ids))

/**
 * Records the fingerprints of keys in the store, unless it has them. A key is claimed before it protects any data.
 * @returns the names under which the store has other keys: values sealed under them could not be opened elsewhere
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
    // Writers run one after another, so the second one reads the claims of the first.
    const stored = await readKeysInStore(transaction)
    await writeKeysInStore(transaction, { ...stored, fingerprints: claim(stored) })
    return others(stored)
  })
}

/** Gives up the name of a key that protects no data. */
export async function releaseKey(transaction: DatabaseTransaction, id: string): Promise<void> {
  const { fingerprints, ...stored } = await readKeysInStore(transaction)
  const { [id]: _gone, ...left } = fingerprints
  await writeKeysInStore(transaction, { ...stored, fingerprints: left })
}

/**
 * Fingerprints of a key file, as the store holds one of them. Older versions accept only the first; they find accounts
 * under the first key alone. The second keeps them from starting on a store that is indexed under later keys.
 */
export const keyFingerprint = (blindIndex: BlindIndex) => ({
  underFirstKey: blindIndex('house', 'these are the data keys of this store'),
  underIndexKeys: blindIndex('house', 'accounts of this store are found by keys of their own'),
})
