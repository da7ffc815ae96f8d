import { createHmac, type KeyObject } from 'node:crypto'

/** Keyed fingerprint of a normalised value, to find an account by it without keeping it readable. */
export type BlindIndex = (kind: string, value: string) => string

export function createBlindIndex(key: KeyObject): BlindIndex {
  return (kind, value) => createHmac('sha256', key).update(`${kind}\0${value}`).digest('base64url')
}
