import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'

/** What a certificate of a demo may name: one name of DNS, and addresses (RFC 5280, 4.2.1.10). */
export interface Scope {
  readonly name: string
  /** A network of IPv4 and its mask, four octets each. */
  readonly network: readonly number[]
  readonly mask: readonly number[]
}

/** A certificate and its private key, both PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

const day = 86_400_000
const caDays = 90
const serverDays = 30

/** One value of DER (ITU-T X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const octets = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...octets]), body])
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const octets = (...values: readonly number[]) => Buffer.from(values)
const bits = (unused: number, value: Uint8Array) => der(0x03, octets(unused), value)
const yes = der(0x01, octets(255))

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const groups = (value: number): number[] => (value < 128 ? [value] : [...groups(value >> 7), value & 127])
  const many = rest.flatMap((value) =>
    groups(value).map((group, at, all) => (at < all.length - 1 ? group | 128 : group)),
  )
  return der(0x06, octets(first * 40 + second, ...many))
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const nameOf = (common: string) => sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(common)))))
/** UTCTime, for years until 2049 (RFC 5280, 4.1.2.5.1). */
const time = (at: number) => der(0x17, Buffer.from(`${new Date(at).toISOString().replaceAll(/\D/g, '').slice(2, 14)}Z`))
const extension = (id: string, value: Uint8Array, critical = false) =>
  sequence(oid(id), ...(critical ? [yes] : []), der(0x04, value))
const dns = (name: string) => der(0x82, Buffer.from(name))
const keyIdOf = (spki: Uint8Array) => createHash('sha256').update(spki).digest().subarray(0, 20)

interface Wanted {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly by: KeyObject
  readonly now: number
  readonly days: number
  readonly extensions: readonly Buffer[]
}

/** A certificate of X.509 version 3 with a key of P-256 (RFC 5280, 4.1). */
function certificate({ subject, issuer, publicKey, by, now, days, extensions }: Wanted): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // positive, and of one length
  const body = sequence(
    der(0xa0, der(0x02, octets(2))),
    der(0x02, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    // a phone whose clock is late
    sequence(time(now - day), time(now + days * day)),
    nameOf(subject),
    spki,
    der(0xa3, sequence(...extensions, extension('2.5.29.14', der(0x04, keyIdOf(spki))))),
  )
  const whole = sequence(body, ecdsaWithSha256, bits(0, sign('sha256', body, by)))
  return new X509Certificate(whole).toString()
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/**
 * A certificate authority that may vouch only for a scope, so that a phone that trusts it risks nothing else.
 * It signs with P-256 and ends after 90 days.
 */
export function makeAuthority({ name, network, mask }: Scope, now: number): Issued {
  const { publicKey, privateKey } = newKey()
  const subject = `Yideng demo ${randomBytes(3).toString('hex')}`
  const permitted = der(0xa0, sequence(dns(name)), sequence(der(0x87, octets(...network), octets(...mask))))
  const extensions = [
    extension('2.5.29.19', sequence(yes, der(0x02, octets(0))), true),
    extension('2.5.29.15', bits(1, octets(0x06)), true),
    extension('2.5.29.30', sequence(permitted), true),
  ]
  const cert = certificate({ subject, issuer: subject, publicKey, by: privateKey, now, days: caDays, extensions })
  return { cert, key: pem(privateKey) }
}

/** The certificate of a server for one name and one address of IPv4, for 30 days. */
export function makeServerCertificate(authority: Issued, name: string, address: string, now: number): Issued {
  const { publicKey, privateKey } = newKey()
  const ca = new X509Certificate(authority.cert)
  const issuer = ca.subject.replace(/^CN=/, '')
  const caKeyId = keyIdOf(ca.publicKey.export({ type: 'spki', format: 'der' }))
  const ip = der(0x87, octets(...address.split('.').map(Number)))
  const extensions = [
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.15', bits(7, octets(0x80)), true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(dns(name), ip)),
    extension('2.5.29.35', sequence(der(0x80, caKeyId))),
  ]
  const by = createPrivateKey(authority.key)
  const cert = certificate({ subject: name, issuer, publicKey, by, now, days: serverDays, extensions })
  return { cert, key: pem(privateKey) }
}

/** Whether an authority still serves for at least a week. */
export const lasts = (cert: string, now: number): boolean =>
  new X509Certificate(cert).validToDate.getTime() > now + 7 * day
