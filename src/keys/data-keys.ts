import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
import { deriveKey } from './derived-key.ts'
import { createFieldCipher, type FieldCipher } from './field-cipher.ts'
import { keyFile } from './key-file.ts'

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
  /** Secret behind pairwise subjects (OIDC Core 8.1). Losing it changes every portal's `sub`. */
  pairwise: KeyObject
}

/** The keys personal data is kept under; made at first start in `data.json`. */
export function openDataKeys(directory: string): DataKeys {
  const make = () => {
    const fresh = () => randomBytes(32).toString('base64')
    return { current: 'd1', keys: { d1: fresh() }, index: fresh(), pairwise: fresh() }
  }
  const { current, keys, index, pairwise } = schema.parse(keyFile(directory, 'data.json', make))
  // each opens what the other sealed: older entries were sealed under the key of that time
  const all = { ...keys, a1: deriveKey(index.export(), 'audit') }
  return {
    cipher: createFieldCipher(all, current),
    auditCipher: createFieldCipher(all, 'a1'),
    blindIndex: createBlindIndex(index),
    pairwise,
  }
}
