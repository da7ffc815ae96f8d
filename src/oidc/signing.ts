import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { ExternalSigningKey, type JWK } from 'oidc-provider'
import type { SigningKey } from '../keys/signing-keys.ts'

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
    return sign('sha256', data, { key: this.#private, dsaEncoding: 'ieee-p1363' })
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
