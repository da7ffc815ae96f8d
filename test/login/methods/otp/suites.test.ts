import { createHmac, randomBytes } from 'node:crypto'
import { sm3 } from 'sm-crypto-v2'
import { describe, expect, it } from 'vitest'
import {
  clockAfter,
  codeAt,
  digitsOf,
  gmt0021Number,
  stepAt,
  suiteNames,
} from '../../../../src/login/methods/otp/suites.ts'

const ascii = (text: string) => Buffer.from(text, 'ascii')

describe('RFC 6238 appendix B', () => {
  const moments = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000]
  it.each([
    ['rfc6238-sha1', '12345678901234567890', ['94287082', '07081804', '14050471', '89005924', '69279037', '65353130']],
    [
      'rfc6238-sha256',
      '12345678901234567890123456789012',
      ['46119246', '68084774', '67062674', '91819424', '90698825', '77737706'],
    ],
  ] as const)('%s gives the codes of the standard', (suite, secret, codes) => {
    const token = { suite, digits: 8, period: 30 }
    expect(moments.map((at) => codeAt(token, ascii(secret), stepAt(token, at * 1000)))).toEqual(codes)
  })
})

/** A second implementation of GM/T 0021, by sm-crypto-v2 and big integers. */
function byOtherLibrary(secret: Buffer, parts: { step: number; counter?: number; challenge?: string }): bigint {
  const hex = (value: number, bytes: number) =>
    BigInt(value)
      .toString(16)
      .padStart(bytes * 2, '0')
  const event = parts.counter === undefined ? '' : hex(parts.counter, 4)
  const id = (hex(parts.step, 8) + event + ascii(parts.challenge ?? '').toString('hex')).padEnd(32, '0')
  const digest = sm3(Uint8Array.from(Buffer.from(secret.toString('hex') + id, 'hex')))
  const words = digest.match(/.{8}/g) ?? []
  return words.reduce((sum, word) => sum + BigInt(`0x${word}`), 0n) % 2n ** 32n
}

describe('GM/T 0021', () => {
  const secret = Buffer.from('1234567890abcdef1234567890abcdef', 'hex')
  const sample = { step: 1313998979, counter: 1234, challenge: '5678' }

  it('gives the code of the sample, by both implementations', () => {
    expect(digitsOf(gmt0021Number(secret, sample), 6)).toBe('814095')
    expect(String(byOtherLibrary(secret, sample) % 1_000_000n)).toBe('814095')
  })

  it('agrees with the second implementation on a thousand random inputs', () => {
    for (let turn = 0; turn < 1000; turn += 1) {
      const key = randomBytes(16 + (turn % 17))
      const step = randomBytes(5).readUIntBE(0, 5)
      const input = [
        { step },
        { step, counter: randomBytes(4).readUInt32BE() },
        { step, counter: turn, challenge: randomBytes(turn % 20).toString('hex') },
      ][turn % 3] ?? { step }
      expect(BigInt(gmt0021Number(key, input))).toBe(byOtherLibrary(key, input))
    }
  })
})

it('agrees with RFC 4226 written out, on random secrets', () => {
  for (let turn = 0; turn < 200; turn += 1) {
    const secret = randomBytes(20)
    const counter = Buffer.alloc(8)
    counter.writeUInt32BE(turn, 4)
    const mac = [...createHmac('sha1', secret).update(counter).digest()]
    const at = (mac[19] ?? 0) % 16
    const [a = 0, b = 0, c = 0, d = 0] = mac.slice(at, at + 4)
    const number = (((a % 128) * 256 + b) * 256 + c) * 256 + d
    const token = { suite: 'rfc6238-sha1', digits: 6, period: 30 } as const
    expect(codeAt(token, secret, turn)).toBe(String(number % 1_000_000).padStart(6, '0'))
  }
})

describe.each(suiteNames)('a token by %s', (suite) => {
  const secret = randomBytes(32)
  const token = { suite, digits: 6, period: 30 }
  const now = 1_800_000_000_000
  const present = stepAt(token, now)
  const tryAt = (ahead: number, clock: { used: number; drift: number }, at = now) =>
    clockAfter({ ...token, ...clock }, secret, { code: codeAt(token, secret, stepAt(token, at) + ahead), now: at })

  it('is taken one step early and one late, and no further', () => {
    const fresh = { used: 0, drift: 0 }
    expect([-2, -1, 0, 1, 2].map((ahead) => tryAt(ahead, fresh)?.used)).toEqual([
      undefined,
      present - 1,
      present,
      present + 1,
      undefined,
    ])
  })

  it('uses each step once, and none before it', () => {
    const after = tryAt(1, { used: 0, drift: 0 })
    if (!after) throw new Error('the code is right')
    expect([-1, 0, 1].map((ahead) => tryAt(ahead, after))).toEqual([undefined, undefined, undefined])
  })

  it('follows a clock that runs ahead or behind, up to ten steps', () => {
    for (const way of [1, -1]) {
      let clock = { used: 0, drift: 0 }
      let taken = 0
      for (let turn = 1; turn <= 30; turn += 1) {
        const next = tryAt(way * turn, clock, now + turn * 100_000)
        if (!next) break
        clock = next
        taken = turn
      }
      // the eleventh is in the window around the tenth; the next is not
      expect([taken, clock.drift]).toEqual([11, 10 * way])
    }
  })

  it.each(['', '12345', '1234567', 'abcdef', '１２３４５６'])('refuses the text %j', (code) => {
    expect(clockAfter({ ...token, used: 0, drift: 0 }, secret, { code, now })).toBeUndefined()
  })
})
