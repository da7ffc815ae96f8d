import { createHmac, hash, sign } from 'node:crypto'
import fc from 'fast-check'
import { sm2, sm3 } from 'sm-crypto-v2'
import { afterAll, describe, expect, it } from 'vitest'
import {
  derOfRaw,
  generateSm2Key,
  rawOfDer,
  readSm2PublicKey,
  sm2Signer,
  sm2Verifier,
  verifySm2,
} from '../../../src/keys/guomi/sm2.ts'
import { inLongRun } from '../../setup/long-run.ts'
import { bouncyCastle, inBouncyCastle } from './bouncy-castle.ts'
import { hasOpenssl, opensslSigns, opensslVerifies, privateKeyOf } from './openssl.ts'
import { standard, standardJwk, standardJws } from './vectors.ts'

afterAll(() => {
  if (!hasOpenssl) console.log('Not run: SM2 against the command openssl: this machine has none with SM2.')
  if (bouncyCastle === undefined) console.log('Not run: SM2 against Bouncy Castle: this machine has no Java with it.')
})

const order = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
const scalar = (number: bigint) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex')
const signature = Buffer.from(standard.r + standard.s, 'hex')
const message = Buffer.from(standard.message)
const key = readSm2PublicKey(standardJwk)

describe('the standards', () => {
  it('GB/T 32918.5: the example verifies, and any change of it does not', async () => {
    expect(await verifySm2(key, message, signature)).toBe(true)
    expect(await sm2Verifier(key)(message, signature)).toBe(true)
    expect(await verifySm2(key, Buffer.from('message digesT'), signature)).toBe(false)
    expect(await verifySm2(key, message, signature, 'ALICE123@YAHOO.COM'), 'another id').toBe(false)
    for (const at of [0, 31, 32, 63]) {
      const changed = Buffer.from(signature)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await verifySm2(key, message, changed), `byte ${at}`).toBe(false)
    }
  })

  it('GB/T 32918.5: with the k of the example, the library makes exactly its signature', () => {
    const { k, x1 } = {
      k: BigInt('0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21'),
      x1: BigInt('0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73'),
    }
    const options = { hash: true, userId: '1234567812345678', publicKey: key.point, pointPool: [{ k, x1 }] }
    expect(sm2.doSignature(message, standard.d, options).toUpperCase()).toBe(standard.r + standard.s)
  })

  it('GB/T 32905: SM3 of both examples, by two implementations', () => {
    const examples = {
      abc: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
      ['abcd'.repeat(16)]: 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732',
    }
    for (const [text, digest] of Object.entries(examples)) {
      expect(hash('sm3', text)).toBe(digest)
      expect(sm3(text)).toBe(digest)
    }
  })

  it('GM/T 0042: HMAC-SM3, by two implementations', () => {
    const secret = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 1))
    const text = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'.repeat(2)
    const mac = 'ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a'
    expect(createHmac('sm3', secret).update(text).digest('hex')).toBe(mac)
    expect(sm3(text, { key: secret.toString('hex') })).toBe(mac)
  })

  it('GM/T 0125.2: a JWS is signed over header and payload', async () => {
    const [header, payload, signed = ''] = standardJws.split('.')
    const data = Buffer.from(`${header}.${payload}`)
    expect(await verifySm2(key, data, Buffer.from(signed, 'base64url'))).toBe(true)
    expect(await verifySm2(key, Buffer.from(hash('sm3', data, 'hex')), Buffer.from(signed, 'base64url'))).toBe(false)
  })
})

describe('malformed input is false, and no error', () => {
  const numbers = { zero: 0n, order, 'order + 1': order + 1n, 'all ones': 2n ** 256n - 1n }
  it.each(Object.entries(numbers))('r or s is %s', async (_name, number) => {
    expect(await verifySm2(key, message, Buffer.concat([scalar(number), signature.subarray(32)]))).toBe(false)
    expect(await verifySm2(key, message, Buffer.concat([signature.subarray(0, 32), scalar(number)]))).toBe(false)
  })

  it('r + s is the order', async () => {
    const r = BigInt(`0x${standard.r}`)
    expect(await verifySm2(key, message, Buffer.concat([scalar(r), scalar(order - r)]))).toBe(false)
  })

  it('any bytes of any length, and numbers of 33 bytes', async () => {
    const long = Buffer.concat([Buffer.of(0), signature.subarray(0, 32), Buffer.of(0), signature.subarray(32)])
    for (const bytes of [long, signature.subarray(1), Buffer.concat([signature, Buffer.of(0)]), Buffer.alloc(0)])
      expect(await verifySm2(key, message, bytes)).toBe(false)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
        expect(await verifySm2(key, message, bytes)).toBe(false)
      }),
      { numRuns: inLongRun(100, 2000) },
    )
  })

  it('an ECDSA signature over the same curve, as node:crypto makes it', async () => {
    const der = sign('sm3', message, privateKeyOf(standardJwk.d, key))
    const raw = rawOfDer(der)
    expect(raw).toHaveLength(64)
    expect(await verifySm2(key, message, raw ?? Buffer.alloc(0))).toBe(false)
  })

  it('a point off the curve, at infinity, or of another curve is no key', () => {
    const point = (x: string, y: string) => () => readSm2PublicKey({ x, y })
    const { x, y } = standardJwk
    const zero = scalar(0n).toString('base64url')
    for (const bad of [point(x, x), point(zero, zero), point(y, x), point(x, y.slice(0, 40)), point('', '')])
      expect(bad).toThrow('not a public key of SM2')
  })

  it('a private key that does not belong to its public one, is zero, or is n - 1 is no key', () => {
    const other = generateSm2Key()
    expect(() => sm2Signer({ ...standardJwk, d: other.d })).toThrow()
    for (const number of [0n, order - 1n, order])
      expect(() => sm2Signer({ ...standardJwk, d: scalar(number).toString('base64url') })).toThrow()
  })
})

describe('DER (GM/T 0009)', () => {
  const number = fc.oneof(fc.bigInt(0n, 2n ** 256n - 1n), fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 255n, 2n ** 248n))

  it('has one form for each pair of numbers, back and forth', () => {
    fc.assert(
      fc.property(number, number, (r, s) => {
        const raw = Buffer.concat([scalar(r), scalar(s)])
        expect(rawOfDer(derOfRaw(raw))).toEqual(raw)
      }),
    )
  })

  it('refuses long numbers, trailing bytes, negative numbers, and every changed length', () => {
    const der = derOfRaw(signature)
    expect(der[3], 'r has a 33rd byte: its first bit is set').toBe(33)
    const padded = Buffer.concat([der.subarray(0, 3), Buffer.of(34, 0), der.subarray(4)])
    padded[1] = (padded[1] ?? 0) + 1
    const big = Buffer.concat([der.subarray(0, 4), Buffer.of(1), der.subarray(5)])
    const negative = Buffer.concat([Buffer.of(0x30, der.length - 3, 2, 32), der.subarray(5)])
    for (const bad of [padded, big, negative, Buffer.concat([der, Buffer.of(0)]), der.subarray(0, -1), signature])
      expect(rawOfDer(bad)).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(der)
        changed[at] = (changed[at] ?? 0) ^ mask
        const raw = rawOfDer(changed)
        if (raw !== undefined) expect(derOfRaw(raw)).toEqual(changed)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void rawOfDer(Buffer.from(bytes))))
  })
})

describe('an independent implementation', () => {
  it.runIf(hasOpenssl)('OpenSSL verifies ours and we verify its signatures', { timeout: 60_000 }, async () => {
    const [header, payload, signed = ''] = standardJws.split('.')
    const raw = Buffer.from(signed, 'base64url')
    expect(opensslVerifies(key, Buffer.from(`${header}.${payload}`), derOfRaw(raw))).toBe(true)
    for (let count = 0; count < inLongRun(5, 200); count += 1) {
      const jwk = generateSm2Key()
      const { publicKey, sign: signs } = sm2Signer(jwk)
      const data = Buffer.from(`message ${count} ${'长'.repeat(count * 7)}`)
      expect(opensslVerifies(publicKey, data, derOfRaw(await signs(data)))).toBe(true)
      const theirs = rawOfDer(opensslSigns(privateKeyOf(jwk.d, publicKey), data))
      expect(await verifySm2(publicKey, data, theirs ?? Buffer.alloc(0))).toBe(true)
      expect(opensslVerifies(publicKey, data, derOfRaw(await signs(data)), 'another id')).toBe(false)
    }
  })

  it.runIf(bouncyCastle)(
    'Bouncy Castle: round trips of random keys and messages, SM3, HMAC-SM3',
    // 10,000 round trips take minutes of CPU, and an hour on a loaded machine
    { timeout: inLongRun(60_000, 3_600_000) },
    async () => {
      const many = inLongRun(30, 10_000)
      const cases = await Promise.all(
        Array.from({ length: many }, async (_, index) => {
          const jwk = generateSm2Key()
          const { publicKey, sign: signs } = sm2Signer(jwk)
          const data = Buffer.from(fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), 1)[0] ?? [index])
          return {
            d: Buffer.from(jwk.d, 'base64url').toString('hex'),
            publicKey,
            data,
            der: derOfRaw(await signs(data)),
          }
        }),
      )
      const secret = '0102030405060708'
      const answers = inBouncyCastle(
        cases.flatMap(({ d, publicKey: { point }, data, der }) => [
          `verify ${point} ${data.toString('hex')} ${der.toString('hex')}`,
          `sign ${d} ${data.toString('hex')}`,
          `sm3 ${data.toString('hex')}`,
          `hmac ${secret} ${data.toString('hex')}`,
        ]),
      )
      expect(answers).toHaveLength(4 * many)
      for (const [index, { publicKey, data }] of cases.entries()) {
        const [verified, theirs = '', digest, mac] = answers.slice(4 * index)
        expect(verified).toBe('true')
        expect(await verifySm2(publicKey, data, rawOfDer(Buffer.from(theirs, 'hex')) ?? Buffer.alloc(0))).toBe(true)
        expect(digest).toBe(hash('sm3', data))
        expect(mac).toBe(createHmac('sm3', Buffer.from(secret, 'hex')).update(data).digest('hex'))
      }
    },
  )
})
