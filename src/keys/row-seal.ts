import { createHash, timingSafeEqual } from 'node:crypto'
import type { Algorithm } from '../config/algorithms.ts'
import type { Suite } from '../config/suite.ts'
import type { FieldCipher } from './field-cipher.ts'
import { algorithmsOf } from './suite.ts'

/** The sealed values of a row, always in the same order. */
export type SealedRow = readonly (string | number | null)[]

/**
 * A message authentication code over a row: the hash of its values, sealed under the data key with the row as AAD (field-cipher.ts).
 * A key of `guomi` gives SM3 and HMAC-SM3, another one SHA-256 and AES-256-GCM (NIST SP 800-38D). Write access to the store is not enough to make one, or to move one to another row. It
 * rotates like every sealed value (reseal.ts).
 */
export interface RowSeal {
  seal(aad: string, row: SealedRow): string
  /** False for a row that was changed, moved or never sealed, and after its key was deleted. */
  holds(aad: string, row: SealedRow, mac: string | null): boolean
  /** Whether a seal that holds has the hash of the present suite. A rotation of keys alone keeps the hash. */
  isCurrent(aad: string, mac: string): boolean
}

/** The algorithms of a row seal under a data key of this suite. */
export const rowSealAlgorithms = (suite: Suite): readonly Algorithm[] => [
  ...new Set<Algorithm>([suite === 'guomi' ? 'SM3' : 'SHA-256', ...algorithmsOf[suite].sealing]),
]

const sealed = /(?<![\w-])d\d+\.[\w-]{38,}/g

/**
 * A value without the sealed values in it: they have an AAD of their own, and change when keys rotate. Only for columns that hold such
 * values: elsewhere the seal must be over every text, also over one that looks sealed.
 */
export const withoutSealed = (value: SealedRow[number]): SealedRow[number] =>
  typeof value === 'string' ? value.replaceAll(sealed, 'sealed') : value

/** Before a hash by SM3; one by SHA-256 has nothing. */
const bySm3 = 'sm3:'

const digestOf = (row: SealedRow, hash: 'sm3' | 'sha256') =>
  createHash(hash).update(JSON.stringify(row)).digest('base64url')

/** @param suite of the key that seals now */
export function createRowSeal({ seal, open }: FieldCipher, suite: () => Suite | undefined): RowSeal {
  const textOf = (row: SealedRow, sm3: boolean) => (sm3 ? `${bySm3}${digestOf(row, 'sm3')}` : digestOf(row, 'sha256'))
  const isSm3 = () => suite() === 'guomi'
  return {
    seal: (aad, row) => seal(textOf(row, isSm3()), aad),
    holds(aad, row, mac) {
      if (mac === null) return false
      try {
        const text = open(mac, aad)
        const [then, now] = [Buffer.from(text), Buffer.from(textOf(row, text.startsWith(bySm3)))]
        return then.length === now.length && timingSafeEqual(then, now)
      } catch {
        // The cipher throws for a value that it did not seal for this row.
        return false
      }
    },
    isCurrent: (aad, mac) => open(mac, aad).startsWith(bySm3) === isSm3(),
  }
}
