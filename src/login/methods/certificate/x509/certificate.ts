import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { sm2KeyOf, type Sm2PublicKey } from '../../../../keys/guomi/sm2.ts'
import {
  bitsOf,
  booleanOf,
  bytesOf,
  contextTag,
  DerFault,
  of,
  oidOf,
  partsOf,
  positiveOf,
  readDer,
  sequenceOf,
  smallOf,
  tags,
  textOf,
  timeOf,
  type Der,
} from './der.ts'

/** A public key of a kind that may sign here. */
export type CertificateKey =
  | { kind: 'sm2'; key: Sm2PublicKey }
  | { kind: 'ec'; curve: 'P-256' | 'P-384'; key: KeyObject }
  | { kind: 'rsa'; key: KeyObject }

export interface Extension {
  critical: boolean
  value: Buffer
}

/** A certificate of X.509 version 3 (RFC 5280, GB/T 20518). Nothing is proven yet: chain.ts does. */
export interface Certificate {
  der: Buffer
  /** The bytes that the issuer has signed. */
  tbs: Buffer
  /** OID of the issuer's signature. */
  algorithm: string
  signature: Buffer
  /** Hexadecimal, without leading zeros. */
  serial: string
  /** DER of the names. */
  issuer: Buffer
  subject: Buffer
  /** Fields of the subject in their order; a field may occur twice. */
  fields: { oid: string; text: string }[]
  /** Milliseconds since 1970 UTC, both included. */
  notBefore: number
  notAfter: number
  key: CertificateKey
  /** DER of the public key with its algorithm. */
  spki: Buffer
  extensions: ReadonlyMap<string, Extension>
}

/** OIDs of extensions (RFC 5280, 4.2.1). */
export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  issuingDistributionPoint: '2.5.29.28',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const

const mostBytes = 8192

/**
 * Reads a certificate in DER. OpenSSL must read the same bytes: two readers that differ are a way around a check.
 * @throws Error for any other bytes, and for a key that may not sign here
 */
export function readCertificate(der: Buffer): Certificate {
  if (der.length > mostBytes) throw new DerFault('too long')
  if (!new X509Certificate(der).raw.equals(der)) throw new DerFault('OpenSSL reads it otherwise')
  const [tbs, algorithm, signature, ...rest] = sequenceOf(der)
  const parts = partsOf(of(tbs, tags.sequence))
  const [version, serial, inner, issuer, validity, subject, spki, ...optional] = parts
  if (rest.length > 0 || smallOf(partsOf(of(version, contextTag(0)))[0]) !== 2) throw new DerFault('not version 3')
  if (!inner || !algorithm?.raw.equals(inner.raw)) throw new DerFault('two algorithms')
  const [notBefore, notAfter] = partsOf(of(validity, tags.sequence))
  const key = of(spki, tags.sequence).raw
  return {
    der,
    tbs: of(tbs, tags.sequence).raw,
    algorithm: algorithmOf(algorithm),
    signature: bytesOf(signature),
    serial: positiveOf(serial),
    issuer: of(issuer, tags.sequence).raw,
    subject: of(subject, tags.sequence).raw,
    fields: fieldsOf(of(subject, tags.sequence)),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    key: readKey(key),
    spki: key,
    extensions: extensionsIn(optional),
  }
}

/** The OID of an AlgorithmIdentifier. @throws DerFault */
export const algorithmOf = (value: Der | undefined): string => oidOf(partsOf(of(value, tags.sequence))[0])

const smallestModulus = 2048
const largestModulus = 8192

/**
 * @throws Error for a weak key, and for one of another kind
 * @internal for tests
 */
export function readKey(spki: Buffer): CertificateKey {
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') {
    // a small exponent makes forged padding possible in careless readers
    if (modulusLength < smallestModulus || modulusLength > largestModulus || publicExponent < 65_537n)
      throw new Error('a weak key of RSA')
    return { kind: 'rsa', key }
  }
  if (namedCurve === 'prime256v1') return { kind: 'ec', curve: 'P-256', key }
  if (namedCurve === 'secp384r1') return { kind: 'ec', curve: 'P-384', key }
  return { kind: 'sm2', key: sm2KeyOf(key) }
}

function fieldsOf(name: Der): Certificate['fields'] {
  return partsOf(name).flatMap((set) =>
    partsOf(of(set, tags.set)).map((pair) => {
      const [oid, value] = partsOf(of(pair, tags.sequence))
      if (!value) throw new DerFault('a field without a value')
      return { oid: oidOf(oid), text: textOf(value) }
    }),
  )
}

/** The extensions of a certificate are its last part; unique ids may come before. @throws DerFault for one that occurs twice */
function extensionsIn(optional: readonly Der[]): ReadonlyMap<string, Extension> {
  const last = optional.at(-1)
  if (last?.tag !== contextTag(3)) return new Map()
  return readExtensions(readDer(last.content, tags.sequence))
}

/** @throws DerFault */
export function readExtensions(list: Der): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  for (const one of partsOf(list)) {
    const parts = partsOf(of(one, tags.sequence))
    const oid = oidOf(parts[0])
    const critical = parts.length === 3 && booleanOf(parts[1])
    if (parts.length > 3 || extensions.has(oid)) throw new DerFault('an extension twice')
    extensions.set(oid, { critical, value: of(parts.at(-1), tags.octetString).content })
  }
  return extensions
}

/** Bits of the key usage (RFC 5280, 4.2.1.3). */
export const usages = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const

/** Whether the certificate says that its key may do this; without an extension it says nothing. @throws DerFault */
export function mayBeUsed({ extensions }: Certificate, usage: keyof typeof usages): boolean {
  const extension = extensions.get(extensionOids.keyUsage)
  return extension !== undefined && bitsOf(readDer(extension.value)).has(usages[usage])
}

/** Whether it is the certificate of a CA, and how many CAs may be below it. @throws DerFault */
export function constraintsOf({ extensions }: Certificate): { ca: boolean; pathLength: number } {
  const extension = extensions.get(extensionOids.basicConstraints)
  if (!extension) return { ca: false, pathLength: 0 }
  const parts = sequenceOf(extension.value)
  const [first] = parts
  const ca = first?.tag === tags.boolean && booleanOf(first)
  const length = parts.at(-1)
  return { ca, pathLength: ca && parts.length > 1 ? smallOf(length) : Infinity }
}

/** OIDs of the extended key usage; undefined without the extension. @throws DerFault */
export function purposesOf({ extensions }: Certificate): string[] | undefined {
  const extension = extensions.get(extensionOids.extendedKeyUsage)
  return extension && sequenceOf(extension.value).map(oidOf)
}
