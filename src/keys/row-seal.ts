import { createHash, timingSafeEqual } from 'node:crypto'
import type { Algorithm } from '../config/algorithms.ts'
import type { Suite } from '../config/suite.ts'
import type { FieldCipher } from './field-cipher.ts'
import { algorithmsOf } from './suite.ts'

/** The sealed values of a row, always in the same order. */
export type SealedRow = readonly (string | number | null)[]

/**
 * A message authentication code over a row: the SHA-256 of its values, sealed under the data key with the row as AAD
 * (AES-256-GCM, NIST SP 800-38D). Write access to the store is not enough to make one, or to move one to another row. It
 * rotates like every sealed value (reseal.ts).
 */
export interface RowSeal {
  seal(aad: string, row: SealedRow): string
  /** False for a row that was changed, moved or never sealed, and after its key was deleted. */
  holds(aad: string, row: SealedRow, mac: string | null): boolean
}

/** The algorithms of a row seal under a data key of this suite. */
export const rowSealAlgorithms = (suite: Suite): readonly Algorithm[] => ['SHA-256', ...algorithmsOf[suite].sealing]

/** A sealed value in a row has its own AAD, and changes when keys rotate; so the digest leaves it out. */
const sealedWithin = /(?<![\w-])d\d+\.[\w-]{38,}/g

const digestOf = (row: SealedRow) =>
  createHash('sha256')
    .update(
      JSON.stringify(
        row.map((value) => (typeof value === 'string' ? value.replaceAll(sealedWithin, 'sealed') : value)),
      ),
    )
    .digest('base64url')

export function createRowSeal({ seal, open }: FieldCipher): RowSeal {
  return {
    seal: (aad, row) => seal(digestOf(row), aad),
    holds(aad, row, mac) {
      if (mac === null) return false
      try {
        const [sealed, now] = [Buffer.from(open(mac, aad)), Buffer.from(digestOf(row))]
        return sealed.length === now.length && timingSafeEqual(sealed, now)
      } catch {
        // The cipher throws for a value that it did not seal for this row.
        return false
      }
    },
  }
}
