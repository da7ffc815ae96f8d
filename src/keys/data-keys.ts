import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
import { deriveKey } from './derived-key.ts'
import { createFieldCipher, type FieldCipher } from './field-cipher.ts'
import { keyFile } from './key-file.ts'
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
  /** Each made with the data key of its number. */
  audit: z.record(z.string(), key).default({}),
  /** When a key came into use, ISO 8601; older files do not say. */
  used_from: z.record(z.string(), z.iso.datetime()).default({}),
  /** From then on every authenticator must be sealed (accounts/seal-authenticators.ts); older files do not say. */
  sealed_from: z.iso.datetime().optional(),
})

export interface DataKeys {
  cipher: FieldCipher
  /**
   * Seals the restricted part of audit entries under keys of its own: an entry never changes, so what sealed it is kept for
   * ever, and only new ones are sealed under a new key.
   */
  auditCipher: FieldCipher
  /** For what cannot be made anew: registers, device cookies, recovery codes. Its key is never rotated. */
  blindIndex: BlindIndex
  /** For accounts. */
  lookup: LookupIndex
  /** Says which key an id is, and nothing else of it; undefined for one this machine does not have. */
  fingerprint(id: string): string | undefined
  /** Reads the file again: a key may have been added. */
  refresh(): void
  /** Ids of the key that seals, of those that only open, and of those carried to all machines before they seal. */
  ids(): { current: string; old: string[]; waiting: string[] }
  /** Since when a key is used, in milliseconds since 1970; undefined for one that is as old as its file, or older than this. */
  usedFrom(id: string): number | undefined
  /**
   * Since when every authenticator must be sealed, in milliseconds since 1970 UTC; undefined until those of older versions are.
   * It stands in the key file, for whoever writes the store must not take it back.
   */
  sealedFrom(): number | undefined
  /** Secret behind pairwise subjects (OIDC Core 8.1). Losing it changes every portal's `sub`. */
  pairwise: KeyObject
}

export const dataKeyFile = 'data.json'
export const freshKey = () => randomBytes(32).toString('base64')

const fingerprintsOf = (keys: Record<string, KeyObject>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(keys).map(([id, bytes]) => [
      id,
      deriveKey(bytes.export(), `fingerprint ${id}`).export().toString('base64url'),
    ]),
  )

/** The keys personal data is kept under; made at first start in `data.json`. */
export function openDataKeys(directory: string): DataKeys {
  const read = () => {
    const made = keyFile(directory, dataKeyFile, () => ({
      current: 'd1',
      keys: { d1: freshKey() },
      index: freshKey(),
      pairwise: freshKey(),
      lookup: { i1: freshKey() },
      // what this version makes is sealed from the first row on
      sealed_from: new Date(0).toISOString(),
    }))
    const { keys, index, lookup, audit: added, ...rest } = schema.parse(made)
    const audit: Record<string, KeyObject> = { a1: deriveKey(index.export(), 'audit'), ...added }
    const lookedUp = lookup ?? { [firstOfOldFiles]: index }
    const inUse = Object.keys(audit).filter((id) => keyNumber(id) <= keyNumber(rest.current))
    return {
      ...rest,
      index,
      // each opens what the other sealed: entries of older versions were sealed under the data key of that time
      keys: { ...keys, ...audit },
      audit: inUse.toSorted((one, other) => keyNumber(one) - keyNumber(other)).at(-1) ?? 'a1',
      lookup: lookedUp,
      fingerprints: fingerprintsOf({ ...keys, ...lookedUp }),
    }
  }
  let now = read()
  const refresh = () => {
    now = read()
  }
  const fingerprint = (id: string) => now.fingerprints[id]
  return {
    cipher: createFieldCipher(() => now, refresh),
    auditCipher: createFieldCipher(() => ({ keys: now.keys, current: now.audit }), refresh),
    blindIndex: createBlindIndex(now.index),
    lookup: createLookupIndex(() => now.lookup, fingerprint, refresh),
    pairwise: now.pairwise,
    fingerprint,
    refresh,
    usedFrom(id) {
      const from = now.used_from[id]
      return from === undefined ? undefined : Date.parse(from)
    },
    sealedFrom() {
      const { sealed_from: from } = now
      return from === undefined ? undefined : Date.parse(from)
    },
    ids() {
      const current = keyNumber(now.current)
      const ids = Object.keys(now.keys).filter((id) => id.startsWith('d'))
      return {
        current: now.current,
        old: ids.filter((id) => keyNumber(id) < current),
        waiting: ids.filter((id) => keyNumber(id) > current),
      }
    },
  }
}
