import { createCipheriv, createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openBySm4, sealBySm4 } from '../../../src/keys/guomi/sm4-hmac-sm3.ts'

const key = createSecretKey(randomBytes(32))
const aad = 'natural_persons.name:1'

describe('SM4 with HMAC-SM3', () => {
  it('opens what it sealed, for any text and place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, place) => {
        const well = Buffer.from(text).toString()
        expect(openBySm4(key, sealBySm4(key, well, place), place)).toBe(well)
      }),
    )
  })

  it('opens nothing that was changed, cut, moved or sealed by another key', () => {
    const sealed = sealBySm4(key, '440300199003070020', aad)
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => openBySm4(key, changed, aad), `byte ${at}`).toThrow('changed or moved')
      expect(() => openBySm4(key, sealed.subarray(0, at), aad), `${at} bytes`).toThrow(/too short|changed/)
    }
    expect(() => openBySm4(key, sealed, 'natural_persons.phone:1')).toThrow('changed or moved')
    expect(() => openBySm4(createSecretKey(randomBytes(32)), sealed, aad)).toThrow('changed or moved')
  })

  it('has a fresh iv in each value', () => {
    const values = Array.from({ length: 1000 }, () => sealBySm4(key, 'x', aad).subarray(0, 16).toString('hex'))
    expect(new Set(values).size).toBe(1000)
  })

  it('uses algorithms that give the standard’s own examples', () => {
    // GB/T 32905 A.1
    expect(createHash('sm3').update('abc').digest('hex')).toBe(
      '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
    )
    // GB/T 32907 A.1
    const block = Buffer.from('0123456789abcdeffedcba9876543210', 'hex')
    const cipher = createCipheriv('sm4-ecb', block, null).setAutoPadding(false)
    expect(Buffer.concat([cipher.update(block), cipher.final()]).toString('hex')).toBe(
      '681edf34d206965e86b3e94f536e4246',
    )
    // HMAC (RFC 2104) over SM3, made by hand
    const [inner, outer] = [0x36, 0x5c].map((pad) => Buffer.alloc(64, pad)) as [Buffer, Buffer]
    const text = createHash('sm3').update(inner).update('text').digest()
    expect(createHmac('sm3', '').update('text').digest('hex')).toBe(
      createHash('sm3').update(outer).update(text).digest('hex'),
    )
  })
})
