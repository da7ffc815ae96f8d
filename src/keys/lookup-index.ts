import type { KeyObject } from 'node:crypto'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { createBlindIndex } from './blind-index.ts'
import { readKeysInStore } from './keys-in-store.ts'

/**
 * Finds an account by what is sealed in it. Unlike a `BlindIndex` it can be made anew from that, so its keys can be
 * rotated: `<key id>.<fingerprint>`, and the fingerprint alone for the first key of an old key file (`i0`).
 */
export interface LookupIndex {
  under(id: string, kind: string, value: string): string
  /** Under each key of this machine: an account stands under one of them. */
  all(kind: string, value: string): string[]
  /** Ids of the keys of this machine, oldest first. */
  known(): readonly string[]
  /** Says which key an id is, and nothing else of it; undefined for one this machine does not have. */
  fingerprint(id: string): string | undefined
  /** Reads the file again: a key may have been added. */
  refresh(): void
}

export const firstOfOldFiles = 'i0'

export function createLookupIndex(
  keys: () => Readonly<Record<string, KeyObject>>,
  fingerprint: LookupIndex['fingerprint'],
  refresh: () => void,
): LookupIndex {
  const under = (id: string, kind: string, value: string) => {
    const key = keys()[id]
    if (!key) throw new Error(`There is no index key ${JSON.stringify(id)}.`)
    const indexed = createBlindIndex(key)(kind, value)
    return id === firstOfOldFiles ? indexed : `${id}.${indexed}`
  }
  const known = () => Object.keys(keys()).toSorted((a, b) => keyNumber(a) - keyNumber(b))
  return { under, known, fingerprint, refresh, all: (kind, value) => known().map((id) => under(id, kind, value)) }
}

/** Keys are numbered in the order they are made: `d1`, `d2`, … */
export const keyNumber = (id: string) => Number(id.slice(1))

/**
 * The index keys accounts stand under, newest first; new ones are to be kept under the first. The store says so, for a key
 * file is read now and then only: whoever opens an account asks in that transaction, whoever looks for one after looking.
 * @throws Error when the key file of this machine lacks one, or has another of its name: then accounts that are there would not be found
 */
export async function indexKeysInUse(
  within: Database | DatabaseTransaction,
  lookup: LookupIndex,
): Promise<[string, ...string[]]> {
  const { index, fingerprints } = await readKeysInStore(within)
  // another key of the same name would find nobody either
  const has = (id: string) => {
    const own = lookup.fingerprint(id)
    return own !== undefined && own === (fingerprints[id] ?? own)
  }
  const lacking = () => index.find((id) => !has(id))
  if (lacking() !== undefined) lookup.refresh()
  const lacks = lacking()
  if (lacks !== undefined) {
    throw new Error(
      `The data.json of this machine lacks the index key ${lacks} of this store: carry it from the machine where it was made, or run: npx yideng keys rotate --kind index`,
    )
  }
  return index
}
