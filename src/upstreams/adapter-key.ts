import { createPublicKey, type KeyObject } from 'node:crypto'
import { SettingsError } from '../config/settings.ts'
import type { Upstream } from './upstreams.ts'

export interface AdapterKey {
  key: KeyObject
  /** The only one that counts for this key (RFC 8725, 3.1). */
  alg: 'ES256' | 'RS256'
}

/** RSA: NIST SP 800-131A. */
const leastBits = 2048

/**
 * The public key of an adapter, PEM or JWK: EC P-256 for ES256, or RSA for RS256.
 * @throws SettingsError for any other, never with its text
 */
export function readAdapterKey(upstream: Upstream): AdapterKey {
  const key = parsed(upstream.publicKey ?? '')
  const { namedCurve, modulusLength = 0 } = key?.asymmetricKeyDetails ?? {}
  if (key?.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return { key, alg: 'ES256' }
  if (key?.asymmetricKeyType === 'rsa' && modulusLength >= leastBits) return { key, alg: 'RS256' }
  throw new SettingsError(
    `The setting YIDENG_UPSTREAMS names a file that cannot be used: the public key of the upstream ${upstream.id} is no EC key of P-256, and no RSA key of 2048 bits or more.`,
  )
}

function parsed(text: string): KeyObject | undefined {
  try {
    if (text.includes('PRIVATE KEY')) return undefined
    if (!text.startsWith('{')) return createPublicKey(text)
    const key = JSON.parse(text) as Record<string, unknown>
    return 'd' in key ? undefined : createPublicKey({ key, format: 'jwk' })
  } catch {
    // the error may have the key
    return undefined
  }
}
