// Strict DER (X.690 section 10): one form for each value. node:crypto reads certificates, but neither the bits of a key usage, nor
// revocation lists, nor OCSP. The libraries for ASN.1 also read BER (docs/decisions/0252-certificates.md).

/** Bytes are no DER of the expected form. */
export class DerFault extends Error {
  constructor(why: string) {
    super(`no DER: ${why}`)
    this.name = 'DerFault'
  }
}

export interface Der {
  tag: number
  content: Buffer
  /** Tag, length and content. */
  raw: Buffer
}

/** Tags of ASN.1, universal class. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The context tag of a number: constructed where it holds other values. */
export const contextTag = (number: number, constructed = true): number => (constructed ? 0xa0 : 0x80) + number

/** Reads the value that begins at `at`. @throws DerFault */
function readAt(bytes: Buffer, at: number): Der {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) throw new DerFault('it ends early')
  if ((tag & 0x1f) === 0x1f) throw new DerFault('a long tag')
  const { length, header } = first < 0x80 ? { length: first, header: 2 } : longLength(bytes, at, first)
  const end = at + header + length
  if (end > bytes.length) throw new DerFault('it ends early')
  return { tag, content: bytes.subarray(at + header, end), raw: bytes.subarray(at, end) }
}

function longLength(bytes: Buffer, at: number, first: number): { length: number; header: number } {
  const count = first & 0x7f
  // 0x80 is the endless form of BER
  if (count < 1 || count > 4 || at + 2 + count > bytes.length) throw new DerFault('a length')
  const length = bytes.readUIntBE(at + 2, count)
  if (length < 0x80 || bytes[at + 2] === 0) throw new DerFault('a length that is longer than needed')
  return { length, header: 2 + count }
}

/** Reads one value that fills the bytes. @throws DerFault, also for trailing bytes */
export function readDer(bytes: Buffer, tag?: number): Der {
  const value = readAt(bytes, 0)
  if (value.raw.length !== bytes.length) throw new DerFault('trailing bytes')
  return tag === undefined ? value : of(value, tag)
}

/** @throws DerFault where the value is missing, or has another tag */
export function of(value: Der | undefined, tag: number): Der {
  if (value?.tag !== tag) throw new DerFault(`the tag ${tag} is expected`)
  return value
}

/** The values inside a SEQUENCE, a SET or a constructed tag. @throws DerFault */
export function partsOf({ content }: Pick<Der, 'content'>): Der[] {
  const parts: Der[] = []
  for (let at = 0; at < content.length;) {
    const part = readAt(content, at)
    parts.push(part)
    at += part.raw.length
  }
  return parts
}

/** The values of a SEQUENCE that fills the bytes. @throws DerFault */
export const sequenceOf = (bytes: Buffer): Der[] => partsOf(readDer(bytes, tags.sequence))

/** A positive INTEGER in its shortest form, in hexadecimal. @throws DerFault */
export function positiveOf(value: Der | undefined): string {
  const { content } = of(value, tags.integer)
  const [first = 0x80, second] = content
  if (first >= 0x80 || (first === 0 && (second ?? 0x80) < 0x80 && content.length > 1)) throw new DerFault('a number')
  return content.toString('hex').replace(/^00(?=.)/, '')
}

/** A small number that is not negative. @throws DerFault */
export function smallOf(value: Der | undefined): number {
  const hex = positiveOf(value)
  if (hex.length > 8) throw new DerFault('a large number')
  return Number.parseInt(hex, 16)
}

/** @throws DerFault */
export function booleanOf(value: Der | undefined): boolean {
  const { content } = of(value, tags.boolean)
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerFault('a BOOLEAN')
  return content[0] === 0xff
}

/** Object identifier in figures with dots. @throws DerFault */
export function oidOf(value: Der | undefined): string {
  const { content } = of(value, tags.oid)
  if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0x80) >= 0x80) throw new DerFault('an OID')
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    if (arc === 0n && byte === 0x80) throw new DerFault('an OID')
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [head = 0n, ...rest] = arcs
  const first = head < 80n ? head / 40n : 2n
  return [first, head - first * 40n, ...rest].join('.')
}

/** A BIT STRING of whole bytes, such as a key or a signature. @throws DerFault */
export function bytesOf(value: Der | undefined): Buffer {
  const { content } = of(value, tags.bitString)
  if (content[0] !== 0) throw new DerFault('a BIT STRING')
  return content.subarray(1)
}

/** The numbers of the bits that are set. @throws DerFault */
export function bitsOf(value: Der | undefined): Set<number> {
  const { content } = of(value, tags.bitString)
  const [unused = 8, ...bytes] = content
  const last = bytes.at(-1) ?? 0
  if (unused > 7 || (bytes.length === 0 && unused > 0) || (last & ((1 << unused) - 1)) !== 0)
    throw new DerFault('a BIT STRING')
  return new Set(
    bytes.flatMap((byte, index) =>
      [...Array(8).keys()].filter((bit) => (byte & (0x80 >> bit)) !== 0).map((bit) => index * 8 + bit),
    ),
  )
}

/** Milliseconds since 1970 UTC of a time of X.509 (RFC 5280, 4.1.2.5): to the second, in UTC. @throws DerFault */
export function timeOf(value: Der | undefined): number {
  const text = value?.content.toString('latin1') ?? ''
  const full = value?.tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const isTime = value?.tag === tags.utcTime || value?.tag === tags.generalizedTime
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full)
  if (!isTime || !parts) throw new DerFault('a time')
  const [, year, month, day, hour, minute, second] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const ms = Date.parse(iso)
  // 30 February would be 1 March
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) throw new DerFault('a time')
  return ms
}

/** Texts of a name: PrintableString, UTF8String, IA5String, NumericString, BMPString. @throws DerFault */
export function textOf({ tag, content }: Der): string {
  if (tag === 0x1e) return utf16Of(content)
  const decoded = [0x0c, 0x13, 0x16, 0x12].includes(tag) ? content.toString('utf8') : undefined
  const isWhole = decoded !== undefined && Buffer.from(decoded, 'utf8').equals(content)
  // a NUL ends the text for other readers
  if (!isWhole || /\p{Cc}/u.test(decoded) || (tag !== 0x0c && /[^\x20-\x7e]/.test(decoded)))
    throw new DerFault('a text')
  return decoded
}

function utf16Of(content: Buffer): string {
  if (content.length % 2 !== 0) throw new DerFault('a text')
  const text = Buffer.from(content).swap16().toString('utf16le')
  if (!text.isWellFormed() || /\p{Cc}/u.test(text)) throw new DerFault('a text')
  return text
}

/** Writes a value. */
export function writeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 + length.length), length, content])
}

/** Writes an OID. */
export function writeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128)
    return groups
  })
  return writeDer(tags.oid, Buffer.from(bytes))
}
