import { z } from 'zod'
import { dataKeyFile, freshKey } from './data-keys.ts'
import { changeKeyFile } from './key-file.ts'
import { firstOfOldFiles, keyNumber } from './lookup-index.ts'

/** `data.json` as text; what a newer version keeps in it stays. */
const text = z.looseObject({
  current: z.string(),
  keys: z.record(z.string(), z.string()),
  index: z.string(),
  lookup: z.record(z.string(), z.string()).optional(),
  audit: z.record(z.string(), z.string()).default({}),
  used_from: z.record(z.string(), z.string()).default({}),
  sealed_from: z.string().optional(),
})

const newestOf = (keys: object) => Math.max(...Object.keys(keys).map(keyNumber))
const lookupIn = ({ lookup, index }: z.infer<typeof text>) => lookup ?? { [firstOfOldFiles]: index }

/**
 * Adds a data key, and one for new entries of the audit trail; the others still open what they sealed. With `useFrom` (ISO 8601) it seals from now on, and so does one
 * that was added before and waited.
 */
export function addDataKey(directory: string, { useFrom }: { useFrom?: string }): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    const waits = newestOf(before.keys) > keyNumber(before.current)
    const number = newestOf(before.keys) + (waits ? 0 : 1)
    const id = `d${number}`
    const added = waits
      ? {}
      : { keys: { ...before.keys, [id]: freshKey() }, audit: { ...before.audit, [`a${number}`]: freshKey() } }
    if (useFrom === undefined) return { ...before, ...added }
    return { ...before, ...added, current: id, used_from: { ...before.used_from, [id]: useFrom } }
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
    return { ...before, lookup: { ...lookup, [`i${Math.max(newestOf(lookup), keyNumber(above)) + 1}`]: freshKey() } }
  })
}

/** Takes a key away again that nothing stands under, with the audit key that was made with it. */
export function takeBack(directory: string, id: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    if (id === before.current) throw new Error('The key that seals cannot be taken back.')
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

/** Notes when a key came into use (ISO 8601). */
export function noteUse(directory: string, id: string, at: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    return { ...before, used_from: { [id]: at, ...before.used_from } }
  })
}

/** Notes from when on every authenticator must be sealed (ISO 8601), where the file does not say yet. */
export function noteSealed(directory: string, from: string): void {
  changeKeyFile(directory, dataKeyFile, (content) => {
    const before = text.parse(content)
    return { ...before, sealed_from: before.sealed_from ?? from }
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
