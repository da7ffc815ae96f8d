import { createHash, timingSafeEqual } from 'node:crypto'
import type { FieldCipher } from './field-cipher.ts'

/** What of a row is sealed: the same values in the same order each time. */
export type SealedRow = readonly (string | number | null)[]

/**
 * A message authentication code over a row: the SHA-256 of its values, sealed under the data key at the row's own place
 * (AES-256-GCM, NIST SP 800-38D). Who writes the store without the keys can make none, nor move one to another row. It rotates
 * as every sealed value does (reseal.ts).
 */
export interface RowSeal {
  seal(aad: string, row: SealedRow): string
  /** False for a row that was changed, moved or never sealed, and where the key is gone. */
  holds(aad: string, row: SealedRow, mac: string | null): boolean
}

/** A sealed value within a row is bound to its place by itself, and sealed anew when keys rotate. */
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
        // the cipher throws for whatever it did not seal here: that is the answer
        return false
      }
    },
  }
}
