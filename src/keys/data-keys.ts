import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
import { deriveKey } from './derived-key.ts'
import { createFieldCipher, type FieldCipher } from './field-cipher.ts'
import { changeKeyFile, keyFile } from './key-file.ts'
import { createLookupIndex, firstOfOldFiles, keyNumber, type LookupIndex } from './lookup-index.ts'

/** As KeyObject: node:crypto takes a raw key twice as slowly. */
const key = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32)
  .transform((bytes) => createSecretKey(bytes))

const schema = z.object({
  current: z.string(),
  keys: z.record(z.string(), key),
  index: key,
  pairwise: key,
  lookup: z.record(z.string(), key).optional(),
  /** When a key came into use, ISO 8601; older files do not say. */
  used_from: z.record(z.string(), z.iso.datetime()).default({}),
})

export interface DataKeys {
  cipher: FieldCipher
  /**
   * Seals the restricted part of audit entries under a key of its own: an entry never changes, so what seals it is not
   * rotated with the others.
   */
  auditCipher: FieldCipher
  /** For what cannot be made anew: registers, device cookies, recovery codes. Its key is never rotated. */
  blindIndex: BlindIndex
  /** For accounts. */
  lookup: LookupIndex
  /** Reads the file again: a key may have been added. */
  refresh(): void
  /** Ids of the key that seals, of those that only open, and of those carried to all machines before they seal. */
  ids(): { current: string; old: string[]; waiting: string[] }
  /** Since when a key is used, in milliseconds since 1970; undefined for one that is as old as its file, or older than this. */
  usedFrom(id: string): number | undefined
  /** Secret behind pairwise subjects (OIDC Core 8.1). Losing it changes every portal's `sub`. */
  pairwise: KeyObject
}

export const dataKeyFile = 'data.json'
const fresh = () => randomBytes(32).toString('base64')

/** The keys personal data is kept under; made at first start in `data.json`. */
export function openDataKeys(directory: string): DataKeys {
  const read = () => {
    const made = keyFile(directory, dataKeyFile, () => ({
      current: 'd1',
      keys: { d1: fresh() },
      index: fresh(),
      pairwise: fresh(),
      lookup: { i1: fresh() },
    }))
    const { keys, index, lookup, ...rest } = schema.parse(made)
    // each opens what the other sealed: older entries were sealed under the key of that time
    const opening = { ...keys, a1: deriveKey(index.export(), 'audit') }
    return { ...rest, index, keys: opening, lookup: lookup ?? { [firstOfOldFiles]: index } }
  }
  let now = read()
  const refresh = () => {
    now = read()
  }
  return {
    cipher: createFieldCipher(() => now, refresh),
    auditCipher: createFieldCipher(() => ({ keys: now.keys, current: 'a1' }), refresh),
    blindIndex: createBlindIndex(now.index),
    lookup: createLookupIndex(() => now.lookup, refresh),
    pairwise: now.pairwise,
    refresh,
    usedFrom(id) {
      const from = now.used_from[id]
      return from === undefined ? undefined : Date.parse(from)
    },
    ids() {
      const current = keyNumber(now.current)
      const ids = Object.keys(now.keys).filter((id) => id !== 'a1')
      return {
        current: now.current,
        old: ids.filter((id) => keyNumber(id) < current),
        waiting: ids.filter((id) => keyNumber(id) > current),
      }
    },
  }
}

const text = z.looseObject({
  current: z.string(),
  keys: z.record(z.string(), z.string()),
  index: z.string(),
  lookup: z.record(z.string(), z.string()).optional(),
  used_from: z.record(z.string(), z.string()).default({}),
})

const newestOf = (keys: object) => Math.max(...Object.keys(keys).map(keyNumber))
const lookupIn = ({ lookup, index }: z.infer<typeof text>) => lookup ?? { [firstOfOldFiles]: index }

/**
 * Adds a data key; the others still open what they sealed. With `useFrom` (ISO 8601) it seals from now on, and so does one
 * that was added before and waited.
 */
export function addDataKey(directory: string, { useFrom }: { useFrom?: string }): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    const waits = newestOf(before.keys) > keyNumber(before.current)
    const id = `d${newestOf(before.keys) + (waits ? 0 : 1)}`
    const keys = waits ? before.keys : { ...before.keys, [id]: fresh() }
    if (useFrom === undefined) return { ...before, keys }
    return { ...before, keys, current: id, used_from: { ...before.used_from, [id]: useFrom } }
  })
}

/**
 * Adds an index key, numbered above this one, which need not be here; when accounts are kept under it, the store says
 * (indexKeysInUse).
 */
export function addIndexKey(directory: string, above: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    const lookup = lookupIn(before)
    return { ...before, lookup: { ...lookup, [`i${Math.max(newestOf(lookup), keyNumber(above)) + 1}`]: fresh() } }
  })
}

/** Notes when a key came into use (ISO 8601). */
export function noteUse(directory: string, id: string, at: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    return { ...before, used_from: { [id]: at, ...before.used_from } }
  })
}

/** Forgets keys for good. The one that seals stays. */
export function forgetKeys(directory: string, ids: ReadonlySet<string>): void {
  const without = (keys: Record<string, string>) =>
    Object.fromEntries(Object.entries(keys).filter(([id]) => !ids.has(id)))
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    if (ids.has(before.current)) throw new Error('The key that seals cannot be forgotten.')
    return {
      ...before,
      keys: without(before.keys),
      lookup: without(lookupIn(before)),
      used_from: without(before.used_from),
    }
  })
}
