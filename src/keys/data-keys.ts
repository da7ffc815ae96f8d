import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { createBlindIndex, type BlindIndex } from './blind-index.ts'
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
  return { cipher: createFieldCipher(keys, current), blindIndex: createBlindIndex(index), pairwise }
}
