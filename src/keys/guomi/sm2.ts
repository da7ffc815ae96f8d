import { createECDH, createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { sm2 as Library } from 'sm-crypto-v2'
import { z } from 'zod'

// SM2 signatures with SM3 (GB/T 32918.2). Only this file uses sm-crypto-v2: it accepts malformed input in places, and throws
// in others. node:crypto makes keys and points of this curve. Its `sign` must not be used: it makes ECDSA over the curve.

/** The `alg` of a JWS signed with SM2 and SM3 (GM/T 0125.2). */
export const sm2Algorithm = 'SGD_SM3_SM2'

/** The id of a signer who has agreed on no other (GM/T 0009). It is hashed before the data: e = SM3(Z_A ‖ M). */
const usualId = '1234567812345678'

/** Order of the curve's base point (GB/T 32918.5). */
const order = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
const bytes = 32
const coordinate = z.base64url().refine((text) => Buffer.from(text, 'base64url').length === bytes)

/** A public key as JSON Web Key (GM/T 0125.4). */
export const sm2PublicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('SM2-P-256'),
  x: coordinate,
  y: coordinate,
})
export const sm2PrivateJwk = sm2PublicJwk.extend({ d: coordinate })
export type Sm2PublicJwk = z.infer<typeof sm2PublicJwk>
type Sm2PrivateJwk = z.infer<typeof sm2PrivateJwk>

/** A point that is on the curve. */
export interface Sm2PublicKey {
  readonly jwk: Sm2PublicJwk
  /** Uncompressed: `04 ‖ x ‖ y`, in hexadecimal. */
  readonly point: string
}

/** Signs; the raw `r ‖ s` of 64 bytes. */
export type SignSm2 = (data: Uint8Array) => Promise<Buffer>

const load = async (): Promise<typeof Library> => (await import('sm-crypto-v2')).sm2

/** SubjectPublicKeyInfo of SM2 (GM/T 0009, RFC 5480), up to the point. */
const spkiPrefix = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex')

const publicOf = (point: Buffer): Sm2PublicKey => ({
  point: point.toString('hex'),
  jwk: {
    kty: 'EC',
    crv: 'SM2-P-256',
    x: point.subarray(1, 1 + bytes).toString('base64url'),
    y: point.subarray(1 + bytes).toString('base64url'),
  },
})

/**
 * Reads a public key.
 * @throws Error for a point that is not on the curve
 */
export function readSm2PublicKey({ x, y }: Pick<Sm2PublicJwk, 'x' | 'y'>): Sm2PublicKey {
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  try {
    return sm2KeyOf(createPublicKey({ key: Buffer.concat([spkiPrefix, point]), format: 'der', type: 'spki' }))
  } catch (cause) {
    throw new Error('not a public key of SM2', { cause })
  }
}

/** From a key that node:crypto has read, such as that of a certificate. @throws Error for another curve */
export function sm2KeyOf(key: KeyObject): Sm2PublicKey {
  const spki = key.export({ format: 'der', type: 'spki' })
  if (spki.length !== spkiPrefix.length + 1 + 2 * bytes || !spki.subarray(0, spkiPrefix.length).equals(spkiPrefix))
    throw new Error('not a public key of SM2')
  return publicOf(spki.subarray(spkiPrefix.length))
}

/** A public key as PEM (RFC 7468). */
export const sm2Pem = ({ point }: Sm2PublicKey): string => {
  const key = Buffer.concat([spkiPrefix, Buffer.from(point, 'hex')])
  return String(createPublicKey({ key, format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' }))
}

export function generateSm2Key(): Sm2PrivateJwk {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' })
  const { scalar, point } = parts(privateKey)
  return { ...publicOf(point).jwk, d: scalar.toString('base64url') }
}

/** Where PKCS #8 (RFC 5958) of OpenSSL has the scalar and the point. Each length of this curve is fixed. */
function parts(key: KeyObject): { scalar: Buffer; point: Buffer } {
  const der = key.export({ format: 'der', type: 'pkcs8' })
  const point = der.subarray(-1 - 2 * bytes)
  if (der.length !== 138 || point[0] !== 4) throw new Error('OpenSSL writes keys of SM2 in another form')
  return { scalar: der.subarray(36, 36 + bytes), point }
}

/**
 * A signer in this process. OpenSSL makes the random point of each signature, in constant time and in the thread pool.
 * @throws Error for a private half that does not belong to its public one
 */
export function sm2Signer(jwk: Sm2PrivateJwk): { publicKey: Sm2PublicKey; sign: SignSm2 } {
  const privateKey = Buffer.from(jwk.d, 'base64url')
  const pair = createECDH('SM2')
  pair.setPrivateKey(privateKey)
  const publicKey = readSm2PublicKey(jwk)
  // d = n - 1 has no inverse of 1 + d (GB/T 32918.2 section 6.1)
  if (pair.getPublicKey('hex') !== publicKey.point || numberOf(privateKey) >= order - 1n)
    throw new Error('a private key of SM2 is damaged')
  const hex = privateKey.toString('hex')
  const options = { hash: true, userId: usualId, publicKey: publicKey.point }
  return {
    publicKey,
    async sign(data) {
      const [library, nonce] = await Promise.all([load(), randomPoint()])
      return Buffer.from(library.doSignature(data, hex, { ...options, pointPool: [nonce] }), 'hex')
    },
  }
}

const makePair = promisify(generateKeyPair)

async function randomPoint() {
  const { scalar, point } = parts((await makePair('ec', { namedCurve: 'SM2' })).privateKey)
  return { k: numberOf(scalar), x1: numberOf(point.subarray(1, 1 + bytes)) }
}

const numberOf = (buffer: Uint8Array) => BigInt(`0x${Buffer.from(buffer).toString('hex')}`)
const isScalar = (number: bigint) => number > 0n && number < order

/** Whether a raw signature belongs to the data. Malformed signatures are false, never an error. */
export type VerifySm2 = (data: Uint8Array, signature: Uint8Array) => Promise<boolean>

/**
 * For one signature of a key: 6 ms.
 * For a certificate of a person, and for tests.
 */
export const verifySm2 = async (
  { point }: Sm2PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  userId = usualId,
): Promise<boolean> => isSigned(await load(), point, data, signature, userId)

/** For many signatures of a key: 10 ms for the first one, 1.3 ms and 3 MB from then on (docs/decisions/0230-sm2-signatures.md). */
export function sm2Verifier({ point }: Sm2PublicKey): VerifySm2 {
  let prepared: ReturnType<typeof Library.precomputePublicKey> | undefined
  return async (data, signature) => {
    const library = await load()
    prepared ??= library.precomputePublicKey(point, 4)
    return isSigned(library, prepared, data, signature, usualId)
  }
}

function isSigned(
  library: typeof Library,
  key: Parameters<typeof Library.doVerifySignature>[2],
  data: Uint8Array,
  signature: Uint8Array,
  userId: string,
): boolean {
  if (signature.length !== 2 * bytes) return false
  const [r, s] = [numberOf(signature.subarray(0, bytes)), numberOf(signature.subarray(bytes))]
  if (!isScalar(r) || !isScalar(s) || (r + s) % order === 0n) return false
  try {
    return library.doVerifySignature(data, Buffer.from(signature).toString('hex'), key, { hash: true, userId })
  } catch {
    return false
  }
}

/** An ASN.1 INTEGER: the shortest form of a positive number. */
function integerOf(raw: Buffer): Buffer {
  const first = raw.findIndex((byte) => byte !== 0)
  const number = raw.subarray(first === -1 ? raw.length - 1 : first)
  const content = (number[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), number]) : number
  return Buffer.concat([Buffer.of(2, content.length), content])
}

/** From `r ‖ s` to the SEQUENCE of GM/T 0009. */
export function derOfRaw(raw: Buffer): Buffer {
  const content = Buffer.concat([integerOf(raw.subarray(0, bytes)), integerOf(raw.subarray(bytes))])
  return Buffer.concat([Buffer.of(0x30, content.length), content])
}

/** From the SEQUENCE of GM/T 0009 to `r ‖ s`. Undefined for any other form: long numbers, trailing bytes, BER. */
export function rawOfDer(der: Buffer): Buffer | undefined {
  const raw = Buffer.alloc(2 * bytes)
  let at = 2
  for (const end of [bytes, raw.length]) {
    const number = der.subarray(at + 2, at + 2 + (der[at + 1] ?? 0))
    const significant = number[0] === 0 ? number.subarray(1) : number
    if (significant.length > bytes) return undefined
    raw.set(significant, end - significant.length)
    at += 2 + number.length
  }
  // the one DER of these numbers (X.690 section 10)
  return derOfRaw(raw).equals(der) ? raw : undefined
}
