import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export interface KeyPair {
  privateKey: CryptoKey
  jwk: JWK
}

export async function keyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey, jwk: await exportJWK(publicKey) }
}

/** Since 1970 UTC. */
export const seconds = () => Math.floor(Date.now() / 1000)

export const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

/** A DPoP proof (RFC 9449 section 4.2). `claims` names at least `htm` and `htu`. */
export const dpopProof = (
  pair: KeyPair,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> =>
  new SignJWT({ jti: randomUUID(), iat: seconds(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: pair.jwk, ...header })
    .sign(pair.privateKey)

/** The `code_verifier` of each request with a challenge. */
export const verifier = 'a-verifier-of-the-conformance-tests-0001-0002-0003'

export const challenge = { code_challenge: sha256(verifier), code_challenge_method: 'S256' }
