import { describe, expect, it } from 'vitest'
import {
  acrAsAsked,
  acrOf,
  acrValues,
  isDirect,
  isPasswordAlone,
  isTooWeak,
  levelAsked,
  levelOf,
  levelReached,
  limitedWay,
  readLevels,
  signInCounts,
} from '../../src/assurance/levels.ts'

describe('levels of assurance', () => {
  it('are published lowest first and parsed back', () => {
    expect(acrValues).toEqual(['urn:yideng:loa:2', 'urn:yideng:loa:3', 'urn:yideng:loa:4'])
    expect(acrValues.map(levelOf)).toEqual([2, 3, 4])
    expect(acrOf(3)).toBe('urn:yideng:loa:3')
    expect(levelOf('urn:other')).toBeUndefined()
    expect(levelOf(undefined)).toBeUndefined()
  })

  it.each([
    [2, ['pwd'], 2],
    [2, ['face'], 2],
    [3, ['pwd'], 3],
    [3, ['pwd', 'face'], 4],
  ])('identity level %i with %j reaches %i', (identityLevel, amr, level) => {
    expect(levelReached({ identityLevel, amr, held: false })).toBe(level)
  })

  it('distinguish a face alone from a face with another factor', () => {
    expect([['face'], ['pwd', 'face'], ['qr'], []].map(isDirect)).toEqual([false, true, false, true])
  })

  it.each([
    [['face'], 'face'],
    [['otp', 'sms'], 'sms'],
    [['wechat'], 'channel'],
    [['alipay'], 'channel'],
    [['wechat', 'face'], 'channel'],
    [['otp', 'sms', 'wechat'], 'sms'],
    [['pwd'], undefined],
    [['hwk', 'user'], undefined],
    [['wechat', 'otp', 'mfa'], 'channel'],
    [['mfa', 'wechat'], 'channel'],
    [['wechat', 'pwd'], undefined],
    [['face', 'user', 'swk'], undefined],
    [['qr'], undefined],
    [[], undefined],
  ] as const)('%j changes an account or not: %s', (amr, way) => {
    expect(limitedWay(amr)).toBe(way)
  })

  it.each([
    ['a channel that vouches for 3, with a face', ['wechat', 'face'], 3, 4],
    ['a channel capped at 2, with a face', ['wechat', 'face'], 2, 3],
    ['an upstream that vouches for 3, with a face', ['fed', 'face'], 3, 4],
    ['an upstream capped at 2, with a face', ['fed', 'face'], 2, 3],
    ['an upstream that the register is asked about', ['fed'], 2, 2],
    ['an upstream, with a text', ['fed', 'otp', 'sms'], 2, 2],
    ['a text, with a face', ['otp', 'sms', 'face'], 2, 3],
    ['a text, with a channel', ['otp', 'sms', 'wechat'], 2, 2],
    ['a channel that the register is asked about', ['alipay'], 2, 2],
    ['a QR login of level 2 that the register is asked about', ['qr'], 2, 2],
    ['a QR login of level 3, with a face', ['qr', 'face'], 3, 4],
    ['a QR login of level 2, with a face', ['qr', 'face'], 2, 3],
    ['a certificate that vouches for 3, with a face', ['hwk', 'face'], 3, 4],
    ['a certificate capped at 2, with a face', ['swk', 'face'], 2, 3],
    ['a certificate that the register is asked about', ['hwk'], 2, 2],
    ['a certificate of a legal person at level 3, with a face', ['org-cert', 'face'], 3, 3],
    ['a password, with a face', ['pwd', 'face'], 2, 4],
    ['a passkey, with a face', ['swk', 'user', 'face'], 3, 4],
  ] as const)('%s reaches no more than it should', (_, amr, before, reached) => {
    expect(levelReached({ identityLevel: 3, amr, before, held: false })).toBe(reached)
  })

  it('a channel capped at 2 stays there beside any way that is no better', () => {
    const others = ['otp', 'sms', 'mfa', 'hwk', 'swk', 'org-cert', 'qr', 'fed', 'wechat', 'alipay']
    for (const channel of ['wechat', 'alipay'])
      for (let set = 0; set < 2 ** others.length; set += 1) {
        const amr = [channel, ...others.filter((_, bit) => Math.floor(set / 2 ** bit) % 2 === 1)]
        for (const before of [2, 3] as const) {
          const reached = levelReached({ identityLevel: 4, amr, before, held: false })
          expect(reached, amr.join()).toBe(2)
        }
        expect(levelReached({ identityLevel: 4, amr: [...amr, 'face'], before: 2, held: false }), amr.join()).toBe(3)
      }
  })

  it.each([
    [3, 3, 3],
    [3, 2, 2],
    [2, 3, 2],
    [4, 3, 3],
  ] as const)('identity level %i by a channel that vouches for %i reaches %i', (identityLevel, vouched, level) => {
    expect(levelReached({ identityLevel, amr: ['wechat'], vouched, held: false })).toBe(level)
  })

  it.each([
    [2, ['otp', 'sms'], true],
    [2, ['wechat'], true],
    [2, ['qr'], true],
    [2, ['fed'], true],
    [2, ['hwk'], true],
    [2, ['swk'], true],
    [3, ['hwk'], false],
    [2, ['swk', 'user'], false],
    [3, ['fed'], false],
    [3, ['wechat'], false],
    [3, ['qr'], false],
    [2, ['pwd'], false],
    [2, ['face'], false],
    [2, [], false],
  ] as const)('a session of level %i by %j needs another way for more: %s', (reached, amr, weak) => {
    expect(isTooWeak(reached, amr)).toBe(weak)
  })

  it.each([
    ['a face alone is no second factor', { identityLevel: 4, amr: ['face'] }, 3],
    ['an authenticator bound by a face', { identityLevel: 4, amr: ['hwk', 'user'], bound: true, proofDays: 3 }, 4],
    ['the same, five years later', { identityLevel: 4, amr: ['hwk', 'user'], bound: true, proofDays: 1826 }, 3],
    ['one bound before the account lost its proof', { identityLevel: 2, amr: ['hwk', 'user'], bound: true }, 2],
    ['one that nothing has bound', { identityLevel: 4, amr: ['hwk', 'user'] }, 3],
  ] as const)('%s', (_, proven, reached) => {
    expect(levelReached({ held: false, ...proven })).toBe(reached)
  })

  it('can be renamed with an overlap, and decided by another table', () => {
    const row = (level: number, aliases: string[], reached: object[]) => ({
      level,
      acr: `new:${level}`,
      aliases,
      name: {},
      meaning: '',
      reached,
    })
    const table = [
      row(2, [], [{ identity: 2 }]),
      row(3, [], [{ identity: 3 }]),
      row(4, ['old:4'], [{ identity: 3, way: 'face' }]),
    ]
    expect(levelReached({ identityLevel: 3, amr: ['face'], held: false }, readLevels(JSON.stringify(table)))).toBe(4)
    const renamed = readLevels(JSON.stringify(table))
    for (const session of ['new:4', 'old:4']) {
      expect(acrAsAsked(session, ['old:4'], renamed)).toBe('old:4')
      expect(acrAsAsked(session, ['new:3', 'new:4'], renamed)).toBe('new:4')
      expect(acrAsAsked(session, [], renamed)).toBe('new:4')
    }
    expect(acrAsAsked('new:3', ['old:4'], renamed)).toBe('new:3')
    expect(acrAsAsked(undefined, ['old:4'], renamed)).toBeUndefined()
    expect(() => readLevels(JSON.stringify([...table, row(3, [], [{ identity: 3 }])]))).toThrow('acr value once')
    expect(() => readLevels(JSON.stringify(table.slice(1)))).toThrow('levels 2, 3 and 4')
  })

  it.each([
    [2, 4, 2],
    [3, 2, 2],
    [3, 3, 3],
    [3, 4, 4],
  ] as const)('identity level %i, approved by a session of level %i, reaches %i', (identityLevel, vouched, level) => {
    expect(levelReached({ identityLevel, amr: ['qr'], vouched, held: false })).toBe(level)
  })

  it.each([
    [3, ['pwd'], undefined, 2],
    [3, ['pwd', 'face'], undefined, 2],
    [3, ['qr'], 3, 2],
    [3, ['hwk', 'user'], undefined, 3],
    [2, ['hwk', 'user'], undefined, 2],
  ] as const)('a held account of level %i with %j, vouched %s, reaches %i', (identityLevel, amr, vouched, level) => {
    expect(levelReached({ identityLevel, amr, vouched, held: true })).toBe(level)
  })

  it.each([
    [{ at: 10, level: 3, amr: ['pwd'] }, null, false, true],
    [{ at: 9, level: 2, amr: ['pwd'] }, 10_999, false, false],
    [{ at: 10, level: 2, amr: ['pwd'] }, 10_999, false, false],
    [{ at: 11, level: 2, amr: ['pwd'] }, 11_000, false, true],
    [{ at: 9, level: 3, amr: ['hwk', 'user'] }, 10_000, false, false],
    [{ at: 10, level: 3, amr: ['pwd'] }, null, true, false],
    [{ at: 10, level: 2, amr: ['pwd'] }, null, true, true],
    [{ at: 10, level: 4, amr: ['face', 'pwd'] }, null, true, false],
    [{ at: 10, level: 3, amr: ['swk', 'user'] }, null, true, true],
  ] as const)('a sign-in %j, signed out at %s, held %s, counts: %s', (signIn, before, held, counts) => {
    const endings = { epoch: 0, before, stay: new Map(), ended: new Map() }
    expect(signInCounts({ signIn, endings, held })).toBe(counts)
  })

  it.each([
    [2, [], 2],
    [3, [], 3],
    [2, ['urn:yideng:loa:3'], 3],
    [3, ['urn:yideng:loa:2'], 3],
    [2, ['urn:yideng:loa:4', 'urn:yideng:loa:3'], 3],
    [2, ['urn:other', 'urn:yideng:loa:4'], 4],
    [2, ['urn:other'], 2],
  ] as const)('a portal with minimum level %i that asks for %j gets %i', (minLevel, asked, level) => {
    expect(levelAsked({ minLevel, acrValues: asked })).toBe(level)
  })
})

describe('two factors', () => {
  it.each([
    // an app or another system says who the person is, not that they showed two factors
    [['wechat'], 3, 2],
    [['alipay'], 3, 2],
    [['fed'], 4, 2],
    // the session of the phone has needed two itself
    [['qr', 'user'], 3, 3],
    [['qr', 'wechat'], 2, 2],
    // a key that its authority has put into a device
    [['hwk'], 3, 3],
    [['wechat', 'face'], undefined, 3],
  ] as const)('a person who needs them reaches by %j, vouched for level %s, level %i', (amr, vouched, level) => {
    expect(levelReached({ identityLevel: 3, held: false, amr, vouched, needsTwo: true })).toBe(level)
    if (vouched !== undefined) expect(levelReached({ identityLevel: 3, held: false, amr, vouched })).toBe(vouched)
  })

  const proven = { identityLevel: 3, held: false }
  const reached = (amr: string[], needsTwo = true) => levelReached({ ...proven, amr, needsTwo })

  it.each([
    [['pwd'], 2],
    [['pwd', 'otp', 'mfa'], 3],
    // a text is the same kind of factor as a token, and weaker
    [['pwd', 'otp', 'sms'], 2],
    [['otp', 'sms', 'mfa'], 2],
    [['pwd', 'face'], 4],
    [['swk', 'user'], 3],
    [['pwd', 'swk', 'user'], 3],
    [['pwd', 'wechat'], 2],
  ])('a person who needs them reaches by %j level %i', (amr, level) => {
    expect(reached(amr)).toBe(level)
  })

  it('change nothing for a person who does not need them, but a token alone is never enough', () => {
    expect([['pwd'], ['pwd', 'otp', 'mfa'], ['otp', 'mfa'], ['mfa']].map((amr) => reached(amr, false))).toEqual([
      3, 3, 2, 2,
    ])
  })

  it('a password alone is told from a password with anything else', () => {
    expect([['pwd'], ['pwd', 'otp', 'mfa'], ['pwd', 'qr'], []].map(isPasswordAlone)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
