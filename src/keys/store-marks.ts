import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError, type Settings } from '../config/settings.ts'
import { openDataKeys, type DataKeys } from './data-keys.ts'
import { keyFingerprint, claimKeys, storeFacts, readKeysInStore, type KeysInStore } from './keys-in-store.ts'
import { firstOfOldFiles, keyNumber } from './lookup-index.ts'
import type { Database } from '../storage/database.ts'

/**
 * A store belongs to the data keys it was filled under: with others nobody could sign in, and new accounts would be
 * sealed under the wrong ones. So keys are made for a new store only, and others are refused.
 * @throws SettingsError
 */
export async function openDataKeysOf(database: Database, keysDir: string): Promise<DataKeys> {
  const refuse = () =>
    new SettingsError(
      `The data keys in ${keysDir} do not belong to this store: restore its data.json (YIDENG_KEYS_DIR) from your backup.`,
    )
  const known = await note(database, storeFacts.belonging)
  if (known !== undefined && !existsSync(join(keysDir, 'data.json'))) throw refuse()
  const dataKeys = openDataKeys(keysDir)
  const { underFirstKey, underIndexKeys } = keyFingerprint(dataKeys.blindIndex)
  const [oldest = firstOfOldFiles] = dataKeys.lookup.known()
  const mark = await note(database, storeFacts.belonging, oldest === firstOfOldFiles ? underFirstKey : underIndexKeys)
  if (mark !== underFirstKey && mark !== underIndexKeys) throw refuse()
  const ids: Omit<KeysInStore, 'fingerprints'> = {
    data: dataKeys.ids().current,
    index: [mark === underFirstKey ? firstOfOldFiles : oldest],
  }
  await note(database, storeFacts.ids, JSON.stringify(ids))
  const [another] = await claimKeys(database, dataKeys, await keysInUse(database, dataKeys))
  if (another !== undefined) {
    throw new SettingsError(
      `The data.json in ${keysDir} holds another key ${another} than this store is kept under: carry it from a machine of this store that works.`,
    )
  }
  return dataKeys
}

/** Those of this machine that something may stand under: they are in use here, or in the store. */
async function keysInUse(database: Database, { ids, lookup }: DataKeys): Promise<string[]> {
  const stored = await readKeysInStore(database)
  const upTo = (newest: string) => (id: string) => keyNumber(id) <= keyNumber(newest)
  const { current, old, waiting } = ids()
  return [current, ...old, ...waiting.filter(upTo(stored.data)), ...lookup.known().filter(upTo(stored.index[0]))]
}

/**
 * A store once marked as made-up data stays so.
 * @throws SettingsError in production
 */
export async function markDemo(database: Database, { demo, production }: Settings): Promise<void> {
  const marked = (await note(database, 'demo', demo ? 'true' : undefined)) === 'true'
  if (marked && production) {
    throw new SettingsError('The setting YIDENG_DATA_DIR names a store of made-up demo data, which production refuses.')
  }
}

/** What the store knows of itself under a key; a value is kept only where there is none yet. */
async function note(database: Database, key: string, value?: string): Promise<string | undefined> {
  if (value !== undefined) {
    await database
      .insertInto('house')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
  }
  const row = await database.selectFrom('house').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}
