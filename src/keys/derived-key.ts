import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** Derives an independent key for one purpose from a secret (HKDF, RFC 5869). */
export function deriveKey(secret: string | Buffer, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', `yideng ${purpose}`, 32)))
}
