import { createPublicKey, type KeyObject } from 'node:crypto'
import { CompactSign, compactVerify, errors } from 'jose'
import { openRetiredKeys, openSigningKeys, signerOf } from './signing-keys.ts'
import type { Clock } from '../config/clock.ts'

/** Signs a JSON document with the current key, as a compact JWS (RFC 7515) of the given `typ`. */
export type SignDocument = (typ: string, document: object) => Promise<string>

/** Returns the document if a key of this store signed it as this `typ`, now or earlier; undefined otherwise. */
export type VerifyDocument = (typ: string, jws: string) => Promise<unknown>

export function createSigner(directory: string, clock: Clock): SignDocument {
  return async (typ, document) => {
    const { kid, alg, privateKey } = signerOf(openSigningKeys(directory, clock), 'ES256', clock())
    const bytes = new TextEncoder().encode(JSON.stringify(document))
    return new CompactSign(bytes).setProtectedHeader({ alg, kid, typ }).sign(privateKey)
  }
}

/** Checks against the keys of a directory, including retired keys. */
export function createVerifier(directory: string, clock: Clock): VerifyDocument {
  const published = openSigningKeys(directory, clock).map(({ kid, privateKey }) => [kid, createPublicKey(privateKey)])
  const retired = openRetiredKeys(directory, clock).map(({ kid, publicKey }) => [kid, publicKey])
  return verifierOver(Object.fromEntries([...published, ...retired]) as Record<string, KeyObject>)
}

/** Checks against public keys by `kid`. */
export function verifierOver(keys: Readonly<Record<string, KeyObject>>): VerifyDocument {
  const known = new Map(Object.entries(keys))
  return async (typ, jws) => {
    try {
      const { payload } = await compactVerify(
        jws,
        ({ kid = '' }) => {
          const key = known.get(kid)
          if (!key) throw new errors.JWKSNoMatchingKey()
          return key
        },
        { algorithms: ['ES256', 'RS256'] },
      ).then((verified) => {
        if (verified.protectedHeader.typ !== typ) throw new errors.JWSInvalid('another kind of document')
        return verified
      })
      return JSON.parse(new TextDecoder().decode(payload))
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
