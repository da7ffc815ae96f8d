import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { drawnBytes } from './drawn-bytes.ts'

const ivBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM (NIST SP 800-38D): iv, ciphertext and tag. Nonces are random, so one key may seal at most 2^32 values
 * (section 8.3). A key that seals 50 million values a day reaches that in 85 days; it must rotate before then.
 */
export function sealByAes(key: KeyObject, text: string, aad: string): Buffer {
  const iv = drawnBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad))
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** @throws Error when the value was changed or moved, or has another key */
export function openByAes(key: KeyObject, bytes: Buffer, aad: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(aad)).setAuthTag(bytes.subarray(-tagBytes))
  const text = decipher.update(bytes.subarray(ivBytes, -tagBytes))
  // GCM has no final block; this throws when the tag is wrong.
  decipher.final()
  return text.toString('utf8')
}
