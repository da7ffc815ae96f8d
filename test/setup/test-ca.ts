import { generateKeyPairSync, randomBytes, sign as signWith } from 'node:crypto'
import { derOfRaw, generateSm2Key, sm2Signer } from '../../src/keys/guomi/sm2.ts'
import { contextTag, tags, writeDer, writeOid } from '../../src/login/methods/certificate/x509/der.ts'
import { answerAlgorithms } from '../../src/login/methods/certificate/x509/signature.ts'

// A certificate authority of our own. It writes each certificate byte by byte, so it also writes those that no CA would.

export type AlgorithmName = keyof typeof answerAlgorithms

export interface TestKey {
  name: AlgorithmName
  spki: Buffer
  /** DER, as certificates and answers have it. */
  sign(data: Buffer): Promise<Buffer>
}

const spkiOfSm2 = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex')

export function sm2Key(): TestKey {
  const { publicKey, sign } = sm2Signer(generateSm2Key())
  return {
    name: 'SM2-SM3',
    spki: Buffer.concat([spkiOfSm2, Buffer.from(publicKey.point, 'hex')]),
    sign: async (data) => derOfRaw(await sign(data)),
  }
}

export function ecKey(namedCurve = 'P-256'): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
  return {
    name: 'ECDSA-SHA256',
    spki: publicKey.export({ format: 'der', type: 'spki' }),
    sign: async (data) => signWith('sha256', data, privateKey),
  }
}

export function rsaKey(modulusLength = 2048): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return {
    name: 'RSA-SHA256',
    spki: publicKey.export({ format: 'der', type: 'spki' }),
    sign: async (data) => signWith('sha256', data, privateKey),
  }
}

/** OIDs of fields of a subject. */
export const fields = { commonName: '2.5.4.3', serialNumber: '2.5.4.5', organisation: '2.5.4.10' } as const

const utf8 = 0x0c
const text = (value: string, tag = utf8) => writeDer(tag, Buffer.from(value))
const integer = (hex: string) => writeDer(tags.integer, Buffer.from(hex, 'hex'))

const nameOf = (parts: readonly (readonly [oid: string, value: string])[]): Buffer =>
  writeDer(
    tags.sequence,
    ...parts.map(([oid, value]) => writeDer(tags.set, writeDer(tags.sequence, writeOid(oid), text(value)))),
  )

const timeText = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:T]|\.\d{3}/g, '')
export const time = (ms: number): Buffer => writeDer(tags.generalizedTime, Buffer.from(timeText(ms)))
const algorithm = (name: AlgorithmName) => writeDer(tags.sequence, writeOid(answerAlgorithms[name]))
const bits = (bytes: Buffer, unused = 0) => writeDer(tags.bitString, Buffer.of(unused), bytes)

export const extension = (oid: string, value: Buffer, critical = false): Buffer =>
  writeDer(
    tags.sequence,
    writeOid(oid),
    ...(critical ? [writeDer(tags.boolean, Buffer.of(0xff))] : []),
    writeDer(tags.octetString, value),
  )

/** A key usage with these bits (RFC 5280, 4.2.1.3). */
export function usage(...numbers: number[]): Buffer {
  const byte = numbers.reduce((sum, bit) => sum | (0x80 >> bit), 0)
  const unused = [...Array(8).keys()].find((bit) => (byte & (1 << bit)) !== 0) ?? 0
  return extension('2.5.29.15', byte === 0 ? bits(Buffer.alloc(0)) : bits(Buffer.of(byte), unused), true)
}

export const constraints = (ca: boolean, pathLength?: number): Buffer =>
  extension(
    '2.5.29.19',
    writeDer(
      tags.sequence,
      ...(ca ? [writeDer(tags.boolean, Buffer.of(0xff))] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength.toString(16).padStart(2, '0'))]),
    ),
    true,
  )

export const purposes = (...oids: string[]): Buffer =>
  extension('2.5.29.37', writeDer(tags.sequence, ...oids.map(writeOid)))

/** A text in an extension, as CAs put numbers there. */
export const textExtension = (oid: string, value: string): Buffer => extension(oid, text(value, 0x13))

export interface Issued {
  der: Buffer
  key: TestKey
  subject: Buffer
  serial: string
}

export interface Wanted {
  key?: TestKey
  subject: readonly (readonly [oid: string, value: string])[]
  extensions?: readonly Buffer[]
  /** The issuer; itself where there is none. */
  by?: Pick<Issued, 'key' | 'subject'>
  from?: number
  until?: number
  /** Hexadecimal. */
  serial?: string
  /** DER of the version; version 3. */
  version?: Buffer
}

const day = 86_400_000

export async function issue(wanted: Wanted): Promise<Issued> {
  const { key = sm2Key(), extensions = [usage(0)], by, from = Date.now() - day, until = Date.now() + 90 * day } = wanted
  const { serial = `01${randomBytes(8).toString('hex')}`, version = writeDer(contextTag(0), integer('02')) } = wanted
  const subject = nameOf(wanted.subject)
  const signer = by?.key ?? key
  const tbs = writeDer(
    tags.sequence,
    version,
    integer(serial),
    algorithm(signer.name),
    by?.subject ?? subject,
    writeDer(tags.sequence, time(from), time(until)),
    subject,
    key.spki,
    ...(extensions.length > 0 ? [writeDer(contextTag(3), writeDer(tags.sequence, ...extensions))] : []),
  )
  return { der: await signed(tbs, signer), key, subject, serial }
}

/** The three parts of a certificate, a list or an answer of OCSP. */
export const signed = async (tbs: Buffer, key: TestKey, ...more: Buffer[]): Promise<Buffer> =>
  writeDer(tags.sequence, tbs, algorithm(key.name), bits(await key.sign(tbs)), ...more)

export const issueCa = (
  name: string,
  wanted: Omit<Wanted, 'subject'> & { pathLength?: number } = {},
): Promise<Issued> =>
  issue({
    extensions: [constraints(true, wanted.pathLength), usage(5, 6)],
    ...wanted,
    subject: [[fields.commonName, name]],
  })

export interface ListOptions {
  revoked?: readonly string[]
  thisUpdate?: number
  nextUpdate?: number
  extensions?: readonly Buffer[]
}

/** A list of revoked certificates. */
export function listOf(ca: Pick<Issued, 'key' | 'subject'>, options: ListOptions = {}): Promise<Buffer> {
  const { revoked = [], thisUpdate = Date.now() - 60_000, nextUpdate = Date.now() + day, extensions = [] } = options
  const entries = revoked.map((serial) => writeDer(tags.sequence, integer(serial), time(thisUpdate)))
  return signed(
    writeDer(
      tags.sequence,
      integer('01'),
      algorithm(ca.key.name),
      ca.subject,
      time(thisUpdate),
      time(nextUpdate),
      ...(entries.length > 0 ? [writeDer(tags.sequence, ...entries)] : []),
      ...(extensions.length > 0 ? [writeDer(contextTag(0), writeDer(tags.sequence, ...extensions))] : []),
    ),
    ca.key,
  )
}

export const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`
