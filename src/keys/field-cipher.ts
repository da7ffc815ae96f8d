import type { Suite } from '../config/suite.ts'
import { openByAes, sealByAes } from './aes-gcm.ts'
import { openBySm4, sealBySm4 } from './guomi/sm4-hmac-sm3.ts'
import type { SuiteKey } from './suite.ts'

/**
 * Seals one field by the suite of the key. The additional authenticated data `aad` names table, column and row.
 * So a sealed value does not open in another row or column.
 */
export interface FieldCipher {
  seal(text: string, aad: string): string
  /** @throws Error when the value was changed or moved, or its key was deleted */
  open(sealed: string, aad: string): string
}

/** The present keys; `current` is the id of the key that seals. */
export interface KeyRing {
  keys: Readonly<Record<string, SuiteKey>>
  current: string
}

const sealings: Readonly<Record<Suite, { seal: typeof sealByAes; open: typeof openByAes }>> = {
  international: { seal: sealByAes, open: openByAes },
  guomi: { seal: sealBySm4, open: openBySm4 },
}

/** Sealed values are `<key id>.<base64url of the sealed bytes>`; the key id makes rotation possible, also to another suite. */
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
      const { suite, key } = keyNamed(current)
      return `${current}.${sealings[suite].seal(key, text, aad).toString('base64url')}`
    },
    open(sealed, aad) {
      const dot = sealed.indexOf('.')
      const { suite, key } = keyNamed(sealed.slice(0, dot))
      return sealings[suite].open(key, Buffer.from(sealed.slice(dot + 1), 'base64url'), aad)
    },
  }
}
