import { randomInt } from 'node:crypto'
import { withoutInvisible } from './invisible.ts'

/** Letters and digits of which no two look alike: without 0 O 1 I L, 2 Z, 5 S, 8 B, U V. */
const alphabet = '34679ACDEFGHJKMNPQRTWXY'

/** A code as people write it down: 7K3M-W9QD-…; `randomInt` makes each of the 23 signs equally likely. */
export const makeWrittenCode = (length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length)))
    .join('')
    .replaceAll(/.{4}(?=.)/g, '$&-')

/** Reads a typed code: in lower case, full-width, with or without hyphens. Undefined for other texts. */
export function readWrittenCode(text: string, length: number): string | undefined {
  if (text.length > 64) return undefined
  const code = withoutInvisible(text)
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s‐‑‒–—−-]/gu, '')
  return code.length === length && [...code].every((sign) => alphabet.includes(sign)) ? code : undefined
}
