import { createHmac } from 'node:crypto'
import type { Suite } from '../config/suite.ts'
import type { SuiteKey } from './suite.ts'

/** Keyed fingerprint of a normalised value: finds a row by the value without storing it in clear text. */
export type BlindIndex = (kind: string, value: string) => string

const hashes: Readonly<Record<Suite, string>> = { international: 'sha256', guomi: 'sm3' }

/** By HMAC-SHA-256 or HMAC-SM3 (GB/T 15852.2), as the suite of the key says. */
export function createBlindIndex({ suite, key }: SuiteKey): BlindIndex {
  return (kind, value) => createHmac(hashes[suite], key).update(`${kind}\0${value}`).digest('base64url')
}
