import { randomBytes } from 'node:crypto'

const xor = (one: Buffer, other: Buffer) => Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)))

/** Random bytes, then the token under them: no two answers hold the same secret (BREACH; docs/decisions/0112). */
export function masked(token: Buffer): string {
  const mask = randomBytes(token.length)
  return Buffer.concat([mask, xor(token, mask)]).toString('base64url')
}

/** The token of a masked one; of any other text, bytes that are no token. */
export function unmasked(text: string): Buffer {
  const both = Buffer.from(text, 'base64url')
  const half = both.length >> 1
  return xor(both.subarray(half), both.subarray(0, half))
}
