import { createCipheriv, createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { sm3, sm4 } from 'sm-crypto-v2'
import { describe, expect, it } from 'vitest'
import { openBySm4, sealBySm4 } from '../../../src/keys/guomi/sm4-hmac-sm3.ts'
import { inLongRun } from '../../setup/long-run.ts'

const key = createSecretKey(randomBytes(32))
const aad = 'natural_persons.name:1'

/** The same form by sm-crypto-v2: HKDF, counter mode and HMAC from its single blocks and hashes. */
const library = {
  hmac: (secret: Buffer, ...parts: Buffer[]) =>
    Buffer.from(sm3(Buffer.concat(parts), { key: secret.toString('hex') }), 'hex'),
  derive(secret: Buffer, purpose: string): Buffer {
    const extracted = library.hmac(Buffer.alloc(32), secret)
    return library.hmac(extracted, Buffer.from(`yideng ${purpose}`), Buffer.of(1))
  },
  counted(secret: Buffer, iv: Buffer, text: Buffer): Buffer {
    let counter = BigInt(`0x${iv.toString('hex')}`)
    const blocks = Array.from({ length: Math.ceil(text.length / 16) }, () => {
      const block = counter.toString(16).padStart(32, '0')
      counter = (counter + 1n) % 2n ** 128n
      return Buffer.from(sm4.encrypt(Buffer.from(block, 'hex'), secret.toString('hex'), { padding: 'none' }), 'hex')
    })
    const stream = Buffer.concat(blocks)
    return Buffer.from(text.map((byte, at) => byte ^ (stream[at] ?? 0)))
  },
  mac(secret: Buffer, place: string, sealed: Buffer): Buffer {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(place)))
    return library.hmac(library.derive(secret, 'hmac-sm3'), length, Buffer.from(place), sealed)
  },
  open(secret: Buffer, bytes: Buffer, place: string): string | undefined {
    const sealed = bytes.subarray(0, -32)
    if (!library.mac(secret, place, sealed).equals(bytes.subarray(-32))) return undefined
    const sm4Key = library.derive(secret, 'sm4').subarray(0, 16)
    return library.counted(sm4Key, sealed.subarray(0, 16), sealed.subarray(16)).toString()
  },
  seal(secret: Buffer, text: string, place: string, iv: Buffer): Buffer {
    const sm4Key = library.derive(secret, 'sm4').subarray(0, 16)
    const sealed = Buffer.concat([iv, library.counted(sm4Key, iv, Buffer.from(text))])
    return Buffer.concat([sealed, library.mac(secret, place, sealed)])
  },
}

describe('SM4 with HMAC-SM3', () => {
  it('a second implementation opens ours, and its values open here', { timeout: inLongRun(20_000, 1_800_000) }, () => {
    const bytes = (length: number) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((one) => Buffer.from(one))
    // an iv of ones alone: the counter goes on at zero
    const iv = fc.oneof({ weight: 9, arbitrary: bytes(16) }, fc.constant(Buffer.alloc(16, 255)))
    fc.assert(
      fc.property(
        bytes(32),
        iv,
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string(),
        (secret, start, given, place) => {
          const text = Buffer.from(given).toString()
          const own = createSecretKey(secret)
          expect(library.open(secret, sealBySm4(own, text, place), place)).toBe(text)
          expect(openBySm4(own, library.seal(secret, text, place, start), place)).toBe(text)
        },
      ),
      { numRuns: inLongRun(100, 10_000) },
    )
  })

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
