import { createHmac, type KeyObject } from 'node:crypto'

/** Keyed fingerprint (HMAC-SHA-256) of a normalised value: finds a row by the value without storing it in clear text. */
export type BlindIndex = (kind: string, value: string) => string

export function createBlindIndex(key: KeyObject): BlindIndex {
  return (kind, value) => createHmac('sha256', key).update(`${kind}\0${value}`).digest('base64url')
}
