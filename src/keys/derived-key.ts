import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** A key for one purpose from a secret that has others (RFC 5869): neither can be found from the other. */
export function deriveKey(secret: string | Buffer, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', `yideng ${purpose}`, 32)))
}
