import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto'

/**
 * Seals one field with AES-256-GCM (NIST SP 800-38D). `place` (table, column and row id) is authenticated with it, so a
 * sealed value copied to another row or column does not open there.
 */
export interface FieldCipher {
  seal(text: string, aad: string): string
  /** @throws Error when the value was changed, moved, or sealed under a key that is gone */
  open(sealed: string, aad: string): string
}

const ivBytes = 12
const tagBytes = 16
const drawnAtOnce = 4096

/** Random bytes for one use each, drawn many at a time: asking for twelve takes longer than sealing a field. */
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

/** The keys there are at this moment, and the one that seals. */
export interface KeyRing {
  keys: Readonly<Record<string, KeyObject>>
  current: string
}

/** `<key id>.<base64url of iv, ciphertext and tag>`: the key id in the value lets keys be rotated. */
export function createFieldCipher(ring: () => KeyRing, refresh: () => void): FieldCipher {
  const keyNamed = (id: string) => {
    // another process may have added it a moment ago
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
      // of GCM nothing is left to come: this only throws where the tag does not fit
      decipher.final()
      return text.toString('utf8')
    },
  }
}
