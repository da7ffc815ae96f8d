import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { drawnBytes } from '../drawn-bytes.ts'

const ivBytes = 16
const macBytes = 32

interface KeyPair {
  cipher: KeyObject
  mac: KeyObject
}

const pairs = new WeakMap<KeyObject, KeyPair>()

/** Two keys of one, by HKDF (RFC 5869) with HMAC-SM3: one encrypts, the other authenticates. */
function pairOf(key: KeyObject): KeyPair {
  const known = pairs.get(key)
  if (known) return known
  const derived = (purpose: string, bytes: number) =>
    createSecretKey(new Uint8Array(hkdfSync('sm3', key, '', `yideng ${purpose}`, bytes)))
  const pair = { cipher: derived('sm4', 16), mac: derived('hmac-sm3', macBytes) }
  pairs.set(key, pair)
  return pair
}

/** The length of the first part comes first, so that no two pairs have the same bytes. */
function macOf({ mac }: KeyPair, aad: string, sealed: Buffer): Buffer {
  const text = Buffer.from(aad)
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(text.length))
  return createHmac('sm3', mac).update(length).update(text).update(sealed).digest()
}

/**
 * SM4 in counter mode (GB/T 32907, GB/T 17964) with HMAC-SM3 (GB/T 32905, GB/T 15852.2) over it: iv, ciphertext and MAC.
 * node:crypto has no SM4-GCM.
 */
export function sealBySm4(key: KeyObject, text: string, aad: string): Buffer {
  const pair = pairOf(key)
  const iv = drawnBytes(ivBytes)
  const cipher = createCipheriv('sm4-ctr', pair.cipher, iv)
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([sealed, macOf(pair, aad, sealed)])
}

/** @throws Error when the value was changed or moved, or has another key; nothing is decrypted before */
export function openBySm4(key: KeyObject, bytes: Buffer, aad: string): string {
  const pair = pairOf(key)
  if (bytes.length < ivBytes + macBytes) throw new Error('The sealed value is too short.')
  const sealed = bytes.subarray(0, -macBytes)
  if (!timingSafeEqual(macOf(pair, aad, sealed), bytes.subarray(-macBytes)))
    throw new Error('The sealed value was changed or moved.')
  const decipher = createDecipheriv('sm4-ctr', pair.cipher, sealed.subarray(0, ivBytes))
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes)), decipher.final()]).toString('utf8')
}
