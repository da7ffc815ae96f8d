import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { ExternalSigningKey, type JWK } from 'oidc-provider'
import type { SigningKey } from '../../keys/signing-keys.ts'

const coordinateBytes = 32

/** From the DER that OpenSSL gives to the `r || s` of JWS (RFC 7518 section 3.4); in P-256 each length is one byte. */
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
 * ES256 in this process with node:crypto: twice as many signatures a second as by way of WebCrypto (bench/README.md).
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
    // the key by itself: with `dsaEncoding` beside it a signature costs twice the time (bench/README.md)
    return rawSignature(sign('sha256', data, this.#private))
  }
}

/** The key set oidc-provider signs with and publishes. */
export function keySet(keys: readonly SigningKey[]): { keys: (JWK | ExternalSigningKey)[] } {
  return {
    keys: keys.map((key) =>
      key.alg === 'ES256'
        ? new Es256Key(key)
        : { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' },
    ),
  }
}
