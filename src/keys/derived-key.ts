import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Suite } from '../config/suite.ts'

/** Derives an independent key for one purpose from a secret (HKDF, RFC 5869), by the hash of a suite. */
export function deriveKey(secret: string | Buffer, purpose: string, suite: Suite = 'international'): KeyObject {
  const digest = suite === 'guomi' ? 'sm3' : 'sha256'
  return createSecretKey(new Uint8Array(hkdfSync(digest, secret, '', `yideng ${purpose}`, 32)))
}
