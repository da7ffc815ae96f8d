import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto'

/**
 * Seals one field with AES-256-GCM (NIST SP 800-38D). The additional authenticated data `aad` names table, column and row.
 * So a sealed value does not open in another row or column.
 *
 * Nonces are random, so one key may seal at most 2^32 values (NIST SP 800-38D section 8.3). A key that seals 50 million
 * values a day reaches that in 85 days; it must rotate before then.
 */
export interface FieldCipher {
  seal(text: string, aad: string): string
  /** @throws Error when the value was changed or moved, or its key was deleted */
  open(sealed: string, aad: string): string
}

const ivBytes = 12
const tagBytes = 16
const drawnAtOnce = 4096

/** Random bytes, each used once. One call for many is cheaper: twelve bytes alone take longer than sealing a field. */
const drawn = Buffer.alloc(drawnAtOnce)
let unused = drawnAtOnce

function freshIv(): Buffer {
  if (unused + ivBytes > drawnAtOnce) {
    randomFillSync(drawn)
    unused = 0
  }
  unused += ivBytes
  return Buffer.from(drawn.subarray(unused - ivBytes, unused))
}

/** The present keys; `current` is the id of the key that seals. */
export interface KeyRing {
  keys: Readonly<Record<string, KeyObject>>
  current: string
}

/** Sealed values are `<key id>.<base64url of iv, ciphertext and tag>`; the key id makes rotation possible. */
export function createFieldCipher(ring: () => KeyRing, refresh: () => void): FieldCipher {
  const keyNamed = (id: string) => {
    // Another process may just have added it.
    if (!(id in ring().keys)) refresh()
    const key = ring().keys[id]
    if (!key) throw new Error(`There is no data key ${JSON.stringify(id)}.`)
    return key
  }
  return {
    seal(text, aad) {
      const { current } = ring()
      const iv = freshIv()
      const cipher = createCipheriv('aes-256-gcm', keyNamed(current), iv).setAAD(Buffer.from(aad))
      const sealed = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${current}.${Buffer.concat(sealed).toString('base64url')}`
    },
    open(sealed, aad) {
      const dot = sealed.indexOf('.')
      const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', keyNamed(sealed.slice(0, dot)), bytes.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(aad)).setAuthTag(bytes.subarray(-tagBytes))
      const text = decipher.update(bytes.subarray(ivBytes, -tagBytes))
      // GCM has no final block; this throws when the tag is wrong.
      decipher.final()
      return text.toString('utf8')
    },
  }
}
