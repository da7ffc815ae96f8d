import { verify } from 'node:crypto'
import { rawOfDer, verifySm2 } from '../../../../keys/guomi/sm2.ts'
import type { CertificateKey } from './certificate.ts'

interface Algorithm {
  kind: CertificateKey['kind']
  hash: 'sm3' | 'sha256' | 'sha384' | 'sha512'
}

/** Algorithms of signatures by OID. MD5 and SHA-1 are not there, so such a signature is none. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  // GM/T 0006: SM2 with SM3
  '1.2.156.10197.1.501': { kind: 'sm2', hash: 'sm3' },
  '1.2.840.10045.4.3.2': { kind: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { kind: 'ec', hash: 'sha384' },
  '1.2.840.113549.1.1.11': { kind: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa', hash: 'sha512' },
}

/** The names that an answer gives to the signature of its person (docs/certificates.md), with their OIDs. */
export const answerAlgorithms = {
  'SM2-SM3': '1.2.156.10197.1.501',
  'ECDSA-SHA256': '1.2.840.10045.4.3.2',
  'RSA-SHA256': '1.2.840.113549.1.1.11',
} as const

/**
 * Whether the signature of the data is of this key, by the algorithm of the OID. Signatures of curves are DER of two numbers (RFC 3279,
 * GM/T 0009), RSA is PKCS #1 version 1.5. SM2 hashes the usual id of a signer first. A malformed signature is false, never an error.
 */
export async function isSignedBy(key: CertificateKey, oid: string, data: Buffer, signature: Buffer): Promise<boolean> {
  const algorithm = algorithms[oid]
  if (algorithm?.kind !== key.kind) return false
  if (key.kind === 'sm2') {
    const raw = rawOfDer(signature)
    return raw !== undefined && verifySm2(key.key, data, raw)
  }
  try {
    return verify(algorithm.hash, data, { key: key.key, dsaEncoding: 'der' }, signature)
  } catch {
    return false
  }
}
