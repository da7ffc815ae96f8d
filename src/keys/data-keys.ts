import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
import { deriveKey } from './derived-key.ts'
import { createFieldCipher, type FieldCipher } from './field-cipher.ts'
import { changeKeyFile, keyFile } from './key-file.ts'

/** As KeyObject: node:crypto takes a raw key twice as slowly. */
const key = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32)
  .transform((bytes) => createSecretKey(bytes))

const schema = z.object({ current: z.string(), keys: z.record(z.string(), key), index: key, pairwise: key })

export interface DataKeys {
  cipher: FieldCipher
  /**
   * Seals the restricted part of audit entries under a key of its own: an entry never changes, so what seals it is not
   * rotated with the others.
   */
  auditCipher: FieldCipher
  blindIndex: BlindIndex
  /** Reads the file again: a key may have been added. */
  refresh(): void
  /** Ids of the key that seals, and of those that only open. */
  ids(): { current: string; old: string[] }
  /** Secret behind pairwise subjects (OIDC Core 8.1). Losing it changes every portal's `sub`. */
  pairwise: KeyObject
}

const fileName = 'data.json'
const fresh = () => randomBytes(32).toString('base64')

/** The keys personal data is kept under; made at first start in `data.json`. */
export function openDataKeys(directory: string): DataKeys {
  const read = () => {
    const made = keyFile(directory, fileName, () => ({
      current: 'd1',
      keys: { d1: fresh() },
      index: fresh(),
      pairwise: fresh(),
    }))
    const { current, keys, index, pairwise } = schema.parse(made)
    // each opens what the other sealed: older entries were sealed under the key of that time
    return { current, keys: { ...keys, a1: deriveKey(index.export(), 'audit') }, index, pairwise }
  }
  let now = read()
  const refresh = () => {
    now = read()
  }
  return {
    cipher: createFieldCipher(() => now, refresh),
    auditCipher: createFieldCipher(() => ({ keys: now.keys, current: 'a1' }), refresh),
    blindIndex: createBlindIndex(now.index),
    pairwise: now.pairwise,
    refresh,
    ids: () => ({ current: now.current, old: Object.keys(now.keys).filter((id) => id !== now.current && id !== 'a1') }),
  }
}

const numberOf = (id: string) => Number(id.slice(1))

/**
 * Adds a key; the others still open what they sealed. With `use` it seals from now on, and so does one that was added
 * before and waited.
 */
export function addDataKey(directory: string, { use }: { use: boolean }): void {
  changeKeyFile(directory, fileName, (text) => {
    const before = z.looseObject({ current: z.string(), keys: z.record(z.string(), z.string()) }).parse(text)
    const newest = Object.keys(before.keys).reduce((most, id) => Math.max(most, numberOf(id)), 0)
    const waiting = newest > numberOf(before.current)
    if (waiting) return use ? { ...before, current: `d${newest}` } : before
    const id = `d${newest + 1}`
    return { ...before, current: use ? id : before.current, keys: { ...before.keys, [id]: fresh() } }
  })
}
