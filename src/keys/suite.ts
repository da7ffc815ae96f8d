import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { Algorithm } from '../config/algorithms.ts'
import { suites, type Suite } from '../config/suite.ts'

/** A secret key of 32 bytes, and the algorithms that it is for. A key never changes its suite. */
export interface SuiteKey {
  suite: Suite
  /** A KeyObject, because node:crypto is half as fast with raw keys. */
  key: KeyObject
}

const mark = 'guomi:'

/** A key as a key file has it: base64, after `guomi:` for a key of that suite. Older files have none. */
export const suiteKey = z
  .string()
  .transform((text): { suite: Suite; key: string } =>
    text.startsWith(mark) ? { suite: 'guomi', key: text.slice(mark.length) } : { suite: 'international', key: text },
  )
  .pipe(z.object({ suite: z.enum(suites), key: z.base64() }))
  .transform(({ suite, key }) => ({ suite, bytes: Buffer.from(key, 'base64') }))
  .refine(({ bytes }) => bytes.length === 32)
  .transform(({ suite, bytes }): SuiteKey => ({ suite, key: createSecretKey(bytes) }))

/** The text of a new key for a key file. */
export const textOfKey = (suite: Suite, bytes: Buffer): string =>
  `${suite === 'guomi' ? mark : ''}${bytes.toString('base64')}`

/** The algorithms by which a suite seals fields (field-cipher.ts), and by which it finds accounts (blind-index.ts). */
export const algorithmsOf: Readonly<Record<Suite, { sealing: readonly Algorithm[]; indexing: readonly Algorithm[] }>> =
  {
    international: { sealing: ['AES-256-GCM'], indexing: ['SHA-256'] },
    guomi: { sealing: ['SM4', 'SM3'], indexing: ['SM3'] },
  }
