import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { createBlindIndex } from './blind-index.ts'
import { readKeysInStore } from './keys-in-store.ts'
import type { SuiteKey } from './suite.ts'

/**
 * Finds an account by a value that is sealed in it. Unlike a `BlindIndex` it can be computed again from that value, so its
 * keys can rotate. Entries are `<key id>.<fingerprint>`; for the first key of an old key file (`i0`) the fingerprint alone.
 */
export interface LookupIndex {
  under(id: string, kind: string, value: string): string
  /** One entry for each key of this machine; an account is indexed under one of them. */
  all(kind: string, value: string): string[]
  /** Ids of the keys of this machine, oldest first. */
  known(): readonly string[]
  /** Identifies a key without revealing it; undefined for a key that this machine lacks. */
  fingerprint(id: string): string | undefined
  /** Reads the file again, to find added keys. */
  refresh(): void
}

export const firstOfOldFiles = 'i0'

export function createLookupIndex(
  keys: () => Readonly<Record<string, SuiteKey>>,
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

/** Key ids count up: `d1`, `d2`, … */
export const keyNumber = (id: string) => Number(id.slice(1))

/**
 * The index keys that accounts are stored under, newest first; new accounts use the first. The store decides, because
 * processes read the key file only now and then. Opening an account asks in the same transaction; a search that found no
 * account asks afterwards.
 * @throws Error when this machine lacks one of the keys, or has another key of that name: it would miss accounts
 */
export async function indexKeysInUse(
  within: Database | DatabaseTransaction,
  lookup: LookupIndex,
): Promise<[string, ...string[]]> {
  const { index, fingerprints } = await readKeysInStore(within)
  // Another key of the same name would find no account either.
  const has = (id: string) => {
    const own = lookup.fingerprint(id)
    return own !== undefined && own === (fingerprints[id] ?? own)
  }
  const lacking = () => index.find((id) => !has(id))
  if (lacking() !== undefined) lookup.refresh()
  const lacks = lacking()
  if (lacks !== undefined) {
    throw new Error(
      `The data.json of this machine lacks the index key ${lacks} of this store: copy it from the machine where it was made, or run: npx yideng keys rotate --kind index`,
    )
  }
  return index
}
