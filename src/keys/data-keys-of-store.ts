import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError } from '../config/settings.ts'
import { openDataKeys, type DataKeys } from './data-keys.ts'
import { keyFingerprint, claimKeys, storeFacts, readKeysInStore, type KeysInStore } from './keys-in-store.ts'
import { firstOfOldFiles, keyNumber } from './lookup-index.ts'
import type { Suite } from '../config/suite.ts'
import type { Database } from '../storage/database.ts'
import { noteFact, readFact } from '../storage/store-facts.ts'

/**
 * Opens the data keys of a store. Under other keys no account can sign in, and new accounts would be sealed wrongly. So a
 * new store gets new keys, and an existing store accepts only its own keys.
 * @throws SettingsError
 */
export async function openDataKeysOf(
  database: Database,
  { keysDir, suite }: { keysDir: string; suite: Suite },
): Promise<DataKeys> {
  const refuse = () =>
    new SettingsError(
      `The data keys in ${keysDir} do not belong to this store: restore its data.json (YIDENG_KEYS_DIR) from your backup.`,
    )
  const known = await readFact(database, storeFacts.fingerprint)
  if (known !== undefined && !existsSync(join(keysDir, 'data.json'))) throw refuse()
  const dataKeys = openDataKeys(keysDir, suite)
  const { underFirstKey, underIndexKeys } = keyFingerprint(dataKeys.blindIndex)
  const [oldest = firstOfOldFiles] = dataKeys.lookup.known()
  const own = oldest === firstOfOldFiles ? underFirstKey : underIndexKeys
  const fingerprint = await noteFact(database, storeFacts.fingerprint, own)
  if (fingerprint !== underFirstKey && fingerprint !== underIndexKeys) throw refuse()
  const ids: Omit<KeysInStore, 'fingerprints'> = {
    data: dataKeys.ids().current,
    index: [fingerprint === underFirstKey ? firstOfOldFiles : oldest],
  }
  await noteFact(database, storeFacts.ids, JSON.stringify(ids))
  const [another] = await claimKeys(database, dataKeys, await keysInUse(database, dataKeys))
  if (another !== undefined) {
    throw new SettingsError(
      `The data.json in ${keysDir} holds another key ${another} than this store: copy it from a working machine of this store.`,
    )
  }
  return dataKeys
}

/** Keys of this machine that may already protect data: the store or this machine uses them. */
async function keysInUse(database: Database, { ids, lookup }: DataKeys): Promise<string[]> {
  const stored = await readKeysInStore(database)
  const upTo = (newest: string) => (id: string) => keyNumber(id) <= keyNumber(newest)
  const { current, old, waiting } = ids()
  return [current, ...old, ...waiting.filter(upTo(stored.data)), ...lookup.known().filter(upTo(stored.index[0]))]
}
