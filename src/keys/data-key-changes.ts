import { z } from 'zod'
import { dataKeyFile, freshKey } from './data-keys.ts'
import { changeKeyFile } from './key-file.ts'
import { firstOfOldFiles, keyNumber } from './lookup-index.ts'
import type { Suite } from '../config/suite.ts'

/** `data.json` as text; fields of newer versions stay. */
const text = z.looseObject({
  current: z.string(),
  keys: z.record(z.string(), z.string()),
  index: z.string(),
  lookup: z.record(z.string(), z.string()).optional(),
  audit: z.record(z.string(), z.string()).default({}),
  used_from: z.record(z.string(), z.string()).default({}),
  sealed_from: z.string().optional(),
  rows_sealed_from: z.string().optional(),
})

const newestOf = (keys: object) => Math.max(...Object.keys(keys).map(keyNumber))
const lookupIn = ({ lookup, index }: z.infer<typeof text>) => lookup ?? { [firstOfOldFiles]: index }

/**
 * Adds a data key and an audit key; older keys still open their values. With `useFrom` (ISO 8601) the new key seals from
 * now on. A key that was prepared earlier is used instead of a new one.
 */
export function addDataKey(directory: string, suite: Suite, { useFrom }: { useFrom?: string }): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    const waits = newestOf(before.keys) > keyNumber(before.current)
    const number = newestOf(before.keys) + (waits ? 0 : 1)
    const id = `d${number}`
    const added = waits
      ? {}
      : { keys: { ...before.keys, [id]: freshKey(suite) }, audit: { ...before.audit, [`a${number}`]: freshKey(suite) } }
    if (useFrom === undefined) return { ...before, ...added }
    return { ...before, ...added, current: id, used_from: { ...before.used_from, [id]: useFrom } }
  })
}

/**
 * Adds an index key. Its number is greater than `above`, a key that this file may lack. The store decides when accounts
 * are indexed under it (indexKeysInUse).
 */
export function addIndexKey(directory: string, suite: Suite, above: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    const lookup = lookupIn(before)
    return {
      ...before,
      lookup: { ...lookup, [`i${Math.max(newestOf(lookup), keyNumber(above)) + 1}`]: freshKey(suite) },
    }
  })
}

/** Removes a key that protects no data, and the audit key that was made with it. */
export function removeUnusedKey(directory: string, id: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    if (id === before.current) throw new Error('The key that seals cannot be removed.')
    const without = (keys: Record<string, string>, gone: string) =>
      Object.fromEntries(Object.entries(keys).filter(([one]) => one !== gone))
    return {
      ...before,
      keys: without(before.keys, id),
      lookup: without(lookupIn(before), id),
      audit: without(before.audit, id.replace(/^d/, 'a')),
    }
  })
}

/** Records the first use of a key (ISO 8601). */
export function noteUse(directory: string, id: string, at: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    return { ...before, used_from: { [id]: at, ...before.used_from } }
  })
}

/** Records since when rows must be sealed (ISO 8601), unless the file has a time already. */
export function noteSealed(directory: string, what: 'sealed_from' | 'rows_sealed_from', from: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    return { ...before, [what]: before[what] ?? from }
  })
}

/**
 * Deletes data and index keys.
 * @throws Error for the key that seals
 */
export function forgetKeys(directory: string, ids: ReadonlySet<string>): void {
  const without = (keys: Record<string, string>) =>
    Object.fromEntries(Object.entries(keys).filter(([id]) => !ids.has(id)))
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    if (ids.has(before.current)) throw new Error('The key that seals cannot be deleted.')
    return {
      ...before,
      keys: without(before.keys),
      lookup: without(lookupIn(before)),
      used_from: without(before.used_from),
    }
  })
}
