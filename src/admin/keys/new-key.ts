import { addDataKey, addIndexKey, removeUnusedKey } from '../../keys/data-key-changes.ts'
import type { DataKeys } from '../../keys/data-keys.ts'
import { claimKeys, readKeysInStore, type KeysInStore } from '../../keys/keys-in-store.ts'
import { keyNumber } from '../../keys/lookup-index.ts'
import { failed, type Outcome } from '../outcome.ts'
import type { Services } from '../../services.ts'

/** The key that this machine has and the store does not use yet. */
export function waitingKey({ ids, lookup }: DataKeys, kind: 'data' | 'index', { index: [newest] }: KeysInStore) {
  if (kind === 'data') return ids().waiting.at(-1)
  return lookup.known().find((id) => keyNumber(id) > keyNumber(newest))
}

/** The unused keys of other machines on this store that this machine does not have. */
export function madeElsewhere({ fingerprint }: DataKeys, { data, index: [newest], fingerprints }: KeysInStore) {
  const unused = (id: string) => keyNumber(id) > keyNumber(id.startsWith('d') ? data : newest)
  return Object.keys(fingerprints).filter((id) => unused(id) && fingerprint(id) === undefined)
}

const madeByAnother = (kind: 'data' | 'index', id: string): Outcome =>
  failed(
    `Another machine of this store has made ${id} already: copy its keys/data.json to this machine. ` +
      `If that file is lost, the key is still unused: npx yideng keys retire --kind ${kind} ${id}`,
  )

/**
 * Makes an unused key, or takes the waiting one, and then claims its name in the store.
 * In this order a claimed key is always on the disk of some machine.
 * When two machines make a key of one name, the second one removes its own.
 */
export async function newKey(
  { database, dataKeys, settings: { keysDir, suite } }: Services,
  kind: 'data' | 'index',
): Promise<{ id: string } | { refused: Outcome }> {
  const stored = await readKeysInStore(database)
  const letter = kind === 'data' ? 'd' : 'i'
  const elsewhere = madeElsewhere(dataKeys, stored).find((id) => id.startsWith(letter))
  if (elsewhere !== undefined) return { refused: madeByAnother(kind, elsewhere) }
  if (waitingKey(dataKeys, kind, stored) === undefined) {
    if (kind === 'data') addDataKey(keysDir, suite, {})
    else addIndexKey(keysDir, suite, stored.index[0])
    dataKeys.refresh()
  }
  const id = waitingKey(dataKeys, kind, stored)
  if (id === undefined) throw new Error('The new key is not in data.json.')
  const [another] = await claimKeys(database, dataKeys, [id])
  if (another === undefined) return { id }
  removeUnusedKey(keysDir, another)
  dataKeys.refresh()
  return { refused: madeByAnother(kind, another) }
}
