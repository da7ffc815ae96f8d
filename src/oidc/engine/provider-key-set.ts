import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { ExternalSigningKey, type JWK, type Provider } from 'oidc-provider'
import type { SigningKey } from '../../keys/signing-keys.ts'
import { initializeKeystore, internalsOf } from './internals.ts'

const coordinateBytes = 32

/** From OpenSSL's DER to the `r || s` of JWS (RFC 7518 section 3.4). In P-256 each length is one byte. */
function rawSignature(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * coordinateBytes)
  let at = 2
  for (const end of [coordinateBytes, raw.length]) {
    const begin = at + 2
    at = begin + (der[at + 1] ?? 0)
    const integer = der.subarray(Math.max(begin, at - coordinateBytes), at)
    raw.set(integer, end - integer.length)
  }
  return raw
}

/**
 * Signs ES256 with node:crypto: twice as many signatures a second as WebCrypto (README.md).
 * A KMS or HSM would be another ExternalSigningKey.
 */
class Es256Key extends ExternalSigningKey {
  readonly #private: KeyObject
  readonly #public: KeyObject

  constructor(key: SigningKey) {
    super()
    Object.assign(this, { kid: key.kid, alg: key.alg })
    this.#private = key.privateKey
    this.#public = createPublicKey(key.privateKey)
  }

  override keyObject(): KeyObject {
    return this.#public
  }

  override async sign(data: Uint8Array): Promise<Uint8Array> {
    // without options: `dsaEncoding` doubles the time of a signature (bench/README.md)
    return rawSignature(sign('sha256', data, this.#private))
  }
}

/** The key set that oidc-provider signs with and publishes. */
export function keySet(keys: readonly SigningKey[]): { keys: (JWK | ExternalSigningKey)[] } {
  return {
    keys: keys.map((key) =>
      key.alg === 'ES256'
        ? new Es256Key(key)
        : { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' },
    ),
  }
}

/** Replaces the signing keys of a running provider. oidc-provider reads keys in its constructor only: that step runs again. */
export function replaceSigningKeys(provider: Provider, keys: readonly SigningKey[]): void {
  initializeKeystore.call(provider, keySet(keys))
}

/** Identifies the published key set: another object after each `replaceSigningKeys`. */
export const keySetVersion = (provider: Provider): object => internalsOf(provider).jwks
