import { addDataKey, addIndexKey, removeUnusedKey } from '../../keys/data-key-changes.ts'
import type { DataKeys } from '../../keys/data-keys.ts'
import { claimKeys, readKeysInStore, type KeysInStore } from '../../keys/keys-in-store.ts'
import { keyNumber } from '../../keys/lookup-index.ts'
import { failed, type Outcome } from '../command.ts'
import type { Services } from '../../services.ts'

/** Added to this machine, and not used yet. */
export function waitingKey({ ids, lookup }: DataKeys, kind: 'data' | 'index', { index: [newest] }: KeysInStore) {
  if (kind === 'data') return ids().waiting.at(-1)
  return lookup.known().find((id) => keyNumber(id) > keyNumber(newest))
}

/** Made on another machine of the store, used for nothing yet, and not carried here. */
export function madeElsewhere({ fingerprint }: DataKeys, { data, index: [newest], fingerprints }: KeysInStore) {
  const unused = (id: string) => keyNumber(id) > keyNumber(id.startsWith('d') ? data : newest)
  return Object.keys(fingerprints).filter((id) => unused(id) && fingerprint(id) === undefined)
}

const told = (kind: 'data' | 'index', id: string): Outcome =>
  failed(
    `Another machine of this store has made ${id} already: carry its keys/data.json here. ` +
      `If that file is lost, nothing stands under the key yet: npx yideng keys retire --kind ${kind} ${id}`,
  )

/**
 * Makes a key that is used for nothing yet, or takes the one that waits, and says in the store which key its name is; in
 * this order, so that a claimed key is on disk somewhere. Of two machines that make one of the same name the second takes
 * its own back.
 */
export async function newKey(
  { database, dataKeys, settings: { keysDir } }: Services,
  kind: 'data' | 'index',
): Promise<{ id: string } | { refused: Outcome }> {
  const stored = await readKeysInStore(database)
  const letter = kind === 'data' ? 'd' : 'i'
  const elsewhere = madeElsewhere(dataKeys, stored).find((id) => id.startsWith(letter))
  if (elsewhere !== undefined) return { refused: told(kind, elsewhere) }
  if (waitingKey(dataKeys, kind, stored) === undefined) {
    if (kind === 'data') addDataKey(keysDir, {})
    else addIndexKey(keysDir, stored.index[0])
    dataKeys.refresh()
  }
  const id = waitingKey(dataKeys, kind, stored)
  if (id === undefined) throw new Error('The new key is not in data.json.')
  const [another] = await claimKeys(database, dataKeys, [id])
  if (another === undefined) return { id }
  removeUnusedKey(keysDir, another)
  dataKeys.refresh()
  return { refused: told(kind, another) }
}
