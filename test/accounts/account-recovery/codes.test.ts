import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { codeKey, makeCodes, readCode } from '../../../src/accounts/account-recovery/recovery-codes.ts'
import { isAmong } from '../../../src/accounts/constant-time.ts'
import { createBlindIndex } from '../../../src/keys/blind-index.ts'

const blindIndex = createBlindIndex({ suite: 'international', key: createSecretKey(randomBytes(32)) })

describe('recovery codes', () => {
  it('are ten different codes of at least 64 bits, without signs that look alike', () => {
    const codes = makeCodes()
    expect(new Set(codes).size).toBe(10)
    const many = Array.from({ length: 300 }, makeCodes).flat().join('').replaceAll('-', '')
    const signs = new Set(many)
    expect(Math.log2(signs.size) * 16).toBeGreaterThanOrEqual(64)
    for (const alike of ['0O', '1IL', '2Z', '5S', '8B', 'UV']) {
      expect(
        [...alike].filter((sign) => signs.has(sign)),
        alike,
      ).toHaveLength(0)
    }
    // each sign is about equally frequent: 48,000 draws, five standard deviations
    const expected = many.length / signs.size
    for (const sign of signs) {
      expect(Math.abs(many.split(sign).length - 1 - expected), sign).toBeLessThan(5 * Math.sqrt(expected))
    }
  })

  it('are read as people type them', () => {
    const code = makeCodes()[0] ?? ''
    const plain = code.replaceAll('-', '')
    for (const typed of [
      code,
      plain,
      code.toLowerCase(),
      ` ${code} `,
      code.replaceAll('-', ' '),
      code.replaceAll('-', '—'),
    ]) {
      expect(readCode(typed), typed).toBe(plain)
    }
    const fullWidth = plain.replaceAll(/./g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
    expect(readCode(fullWidth)).toBe(plain)
  })

  it.each([
    '',
    'short',
    '0000-0000-0000-0000',
    '7'.repeat(17),
    '7777-7777-7777-777\0',
    'А777777777777777',
    '7'.repeat(1e6),
  ])('are not read from %.40j', (text) => expect(readCode(text)).toBeUndefined())

  it('are stored as a hash for one person and one key', () => {
    const other = createBlindIndex({ suite: 'international', key: createSecretKey(randomBytes(32)) })
    const key = codeKey(blindIndex, 'a', '7777777777777777')
    expect(key).not.toContain('7777')
    expect(codeKey(blindIndex, 'b', '7777777777777777')).not.toBe(key)
    expect(codeKey(other, 'a', '7777777777777777')).not.toBe(key)
    expect(isAmong(key, ['', 'x', key])).toBe(true)
    expect(isAmong(key, [key.slice(1), `${key}x`])).toBe(false)
    expect(isAmong('', [key])).toBe(false)
  })
})
