import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { ExternalSigningKey, type Provider } from 'oidc-provider'
import { sm2Algorithm } from '../../keys/guomi/sm2.ts'
import type { Sm2SigningKey } from '../../keys/guomi/sm2-keys.ts'
import type { SigningKey } from '../../keys/signing-keys.ts'
import type { TokenKey } from '../../keys/token-keys.ts'
import { initializeKeystore, internalsOf } from './internals.ts'
import { useSm2Keys } from './sm2-tokens.ts'

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

/** A KMS or HSM would be another ExternalSigningKey. */
abstract class NodeKey extends ExternalSigningKey {
  protected readonly private: KeyObject
  readonly #public: KeyObject

  constructor(key: SigningKey) {
    super()
    Object.assign(this, { kid: key.kid, alg: key.alg })
    this.private = key.privateKey
    this.#public = createPublicKey(key.privateKey)
  }

  override keyObject(): KeyObject {
    return this.#public
  }
}

/**
 * Signs ES256 with node:crypto: twice as many signatures a second as WebCrypto (README.md).
 */
class Es256Key extends NodeKey {
  override async sign(data: Uint8Array): Promise<Uint8Array> {
    // without options: `dsaEncoding` doubles the time of a signature (bench/README.md)
    return rawSignature(sign('sha256', data, this.private))
  }
}

/**
 * Signs RS256 in the thread pool of node:crypto: an RSA signature takes far longer than ES256, and other requests go on
 * during that time (README.md).
 */
class Rs256Key extends NodeKey {
  override sign(data: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      sign('sha256', data, this.private, (error, signature) => (error ? reject(error) : resolve(signature)))
    })
  }
}

const keyClasses = { ES256: Es256Key, RS256: Rs256Key }

const isSm2 = (key: TokenKey): key is Sm2SigningKey => key.alg === sm2Algorithm

/** The key set that oidc-provider signs with and publishes. Keys of SM2 are never in it (sm2-tokens.ts). */
export const keySet = (keys: readonly TokenKey[]): { keys: ExternalSigningKey[] } => ({
  keys: keys.flatMap((key) => (isSm2(key) ? [] : [new keyClasses[key.alg](key)])),
})

/** For a new provider, which has its own keys already. */
export const addSm2Keys = (provider: Provider, keys: readonly TokenKey[]): void =>
  useSm2Keys(provider, keys.filter(isSm2))

/** Replaces the signing keys of a running provider. oidc-provider reads keys in its constructor only: that step runs again. */
export function replaceSigningKeys(provider: Provider, keys: readonly TokenKey[]): void {
  initializeKeystore.call(provider, keySet(keys))
  addSm2Keys(provider, keys)
}

/** Identifies the published key set: another object after each `replaceSigningKeys`. */
export const keySetVersion = (provider: Provider): object => internalsOf(provider).jwks
