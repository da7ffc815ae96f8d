import { randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
import { deriveKey } from './derived-key.ts'
import { createFieldCipher, type FieldCipher } from './field-cipher.ts'
import { keyFile } from './key-file.ts'
import { createLookupIndex, firstOfOldFiles, keyNumber, type LookupIndex } from './lookup-index.ts'
import { suiteKey as key, textOfKey, type SuiteKey } from './suite.ts'
import type { Suite } from '../config/suite.ts'

const schema = z.object({
  current: z.string(),
  keys: z.record(z.string(), key),
  index: key,
  pairwise: key,
  lookup: z.record(z.string(), key).optional(),
  /** Each belongs to the data key of the same number. */
  audit: z.record(z.string(), key).default({}),
  /** First use of a key, ISO 8601; missing in older files. */
  used_from: z.record(z.string(), z.iso.datetime()).default({}),
  /** Since then every authenticator must be sealed (seal-rows.ts); missing in older files. */
  sealed_from: z.iso.datetime().optional(),
  /** The same for portals, administrators and mandates (row-guard.ts). */
  rows_sealed_from: z.iso.datetime().optional(),
})

export interface DataKeys {
  cipher: FieldCipher
  /**
   * Seals the restricted part of audit entries. Entries never change, so these keys are never deleted; a rotation only
   * affects new entries. One key seals at most 2^32 of them (field-cipher.ts).
   */
  auditCipher: FieldCipher
  /** For values that cannot be indexed again: registers, device cookies, recovery codes. Its key never rotates. */
  blindIndex: BlindIndex
  /** Finds accounts; its keys rotate. */
  lookup: LookupIndex
  /** Identifies a key without revealing it; undefined for a key that this machine lacks. */
  fingerprint(id: string): string | undefined
  /** Reads the file again, to find added keys. */
  refresh(): void
  /** Ids: `current` seals; `old` only open; `waiting` are on their way to all machines and do not seal yet. */
  ids(): { current: string; old: string[]; waiting: string[] }
  /** Undefined for a key that this machine lacks. */
  suiteOf(id: string): Suite | undefined
  /** Of the key that seals now. */
  suite(): Suite | undefined
  /** First use of a key, in milliseconds since 1970 UTC; undefined when the file does not record it. */
  usedFrom(id: string): number | undefined
  /**
   * Since when every authenticator must be sealed, in milliseconds since 1970 UTC. Undefined until authenticators of older
   * versions are sealed. It is in the key file, so that write access to the store cannot remove it.
   */
  sealedFrom(): number | undefined
  /** The same for portals, administrators and mandates (row-guard.ts). */
  rowsSealedFrom(): number | undefined
  /** Secret of pairwise subjects (OIDC Core 8.1). Losing it changes every `sub` at every portal. */
  pairwise: KeyObject
}

/** The name of the key of `blindIndex`, which never rotates. */
export const fixedIndex = 'index'

export const dataKeyFile = 'data.json'
export const freshKey = (suite: Suite) => textOfKey(suite, randomBytes(32))

const timeOf = (iso: string | undefined) => (iso === undefined ? undefined : Date.parse(iso))

const fingerprintsOf = (keys: Record<string, SuiteKey>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(keys).map(([id, { key: bytes }]) => [
      id,
      deriveKey(bytes.export(), `fingerprint ${id}`).export().toString('base64url'),
    ]),
  )

/** The keys that protect personal data; the first start makes them in `data.json`, for the given suite. */
export function openDataKeys(directory: string, suite: Suite = 'international'): DataKeys {
  const read = () => {
    const made = keyFile(directory, dataKeyFile, schema, () => ({
      current: 'd1',
      keys: { d1: freshKey(suite) },
      index: freshKey(suite),
      pairwise: freshKey('international'),
      lookup: { i1: freshKey(suite) },
      // A new store has sealed rows from its first one on.
      sealed_from: new Date(0).toISOString(),
      rows_sealed_from: new Date(0).toISOString(),
    }))
    const { keys, index, lookup, audit: added, ...rest } = made
    const first = { suite: index.suite, key: deriveKey(index.key.export(), 'audit') }
    const audit: Record<string, SuiteKey> = { a1: first, ...added }
    const lookedUp = lookup ?? { [firstOfOldFiles]: index }
    const inUse = Object.keys(audit).filter((id) => keyNumber(id) <= keyNumber(rest.current))
    return {
      ...rest,
      index,
      // Older versions sealed audit entries under the data key.
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
    pairwise: now.pairwise.key,
    fingerprint,
    refresh,
    suite: () => now.keys[now.current]?.suite,
    suiteOf: (id) => (id === fixedIndex ? now.index : { ...now.keys, ...now.lookup }[id])?.suite,
    usedFrom: (id) => timeOf(now.used_from[id]),
    sealedFrom: () => timeOf(now.sealed_from),
    rowsSealedFrom: () => timeOf(now.rows_sealed_from),
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
