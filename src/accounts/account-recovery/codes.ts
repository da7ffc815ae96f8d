import { randomInt, timingSafeEqual } from 'node:crypto'
import type { BlindIndex } from '../../keys/blind-index.ts'

/** Letters and digits of which no two are taken for one another: without 0 O 1 I L, 2 Z, 5 S, 8 B, U V. */
const alphabet = '34679ACDEFGHJKMNPQRTWXY'
/** 16 of 23 signs are 72 bits. */
const length = 16
const wellFormed = new RegExp(`^[${alphabet}]{${length}}$`)

export const codesMade = 10

/** Ten codes as they are written down: 7K3M-W9QD-…; by `randomInt`, so that each sign is as likely as any other. */
export const makeCodes = (): string[] =>
  Array.from({ length: codesMade }, () =>
    Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length)))
      .join('')
      .replaceAll(/.{4}(?=.)/g, '$&-'),
  )

/** A code as typed: in small letters, full-width, with or without its hyphens. Undefined for what cannot be one. */
export function readCode(text: string): string | undefined {
  if (text.length > 64) return undefined
  const code = text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s‐‑‒–—−-]/gu, '')
  return wellFormed.test(code) ? code : undefined
}

/**
 * What of a code is kept. A keyed hash, not a slow one: a slow hash protects what can be guessed, and nobody goes through 2^72
 * codes; the key (keys/data.json) is not in the store.
 */
export const codeKey = (blindIndex: BlindIndex, personId: string, code: string) =>
  blindIndex('recovery-code', `${personId}\0${code}`)

/** Looks at all keys, however early one fits. */
export function isAmong(key: string, keys: readonly string[]): boolean {
  const given = Buffer.from(key)
  const fitting = keys.map((one) => {
    const kept = Buffer.from(one)
    return kept.length === given.length && timingSafeEqual(kept, given)
  })
  return fitting.includes(true)
}
