import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCommonPassword } from '../../../src/accounts/passwords/common.ts'
import { checkPassword, passwordProblem } from '../../../src/accounts/passwords/password-rules.ts'
import { fullWidth, millisecondsOf } from '../identifiers/hostile-texts.ts'

const check = (password: string, personal: string[] = []) => checkPassword({ password, personal, common: () => false })

describe('a new password', () => {
  it.each([
    ['1234567', 'password_too_short'],
    ['密码密码密码密', 'password_too_short'],
    ['😀😀😀😀😀😀😀', 'password_too_short'],
    ['abc\0\0\0\0\0\r\n', 'password_too_short'],
    ['', 'password_too_short'],
    ['abcdefgh', undefined],
    ['密码密码密码密码', undefined],
    ['😀'.repeat(8), undefined],
    ['a'.repeat(128), undefined],
    ['a'.repeat(129), 'password_too_long'],
    ['😀'.repeat(128), undefined],
    ['e\u0301'.repeat(128), undefined],
    ['\ufdfa'.repeat(100), 'password_too_long'],
    ['a'.repeat(1_000_000), 'password_too_long'],
  ])('%j: %s (its length is counted in code points after NFKC)', (password, problem) => {
    expect(check(password)).toBe(problem)
    expect(millisecondsOf(() => check(password))).toBeLessThan(50)
  })

  it('is looked up in its prepared form', () => {
    const asked: string[] = []
    const common = (password: string) => asked.push(password) > 0
    expect(checkPassword({ password: fullWidth('Secret\u0007-1'), personal: [], common })).toBe('password_common')
    expect(asked).toEqual(['Secret-1'])
  })

  it.each([
    ['zhangsan-2026!', 'ZhangSan'],
    ['xxZHANGSANxx', 'zhangsan'],
    [fullWidth('zhangsan-2026!'), 'zhangsan'],
    ['i-am-maria-yes', 'Maria Chen'],
    ['mariachen!!', 'Maria Chen'],
    ['我叫张三你好你好', '张三'],
    ['my-1380013-8000-x', '13800138000'],
    ['a00138000a', '+86 138 0013 8000'],
    ['a00138000a', '13800138000'],
    ['born19491231', '11010519491231002X'],
    ['born-1949-12-31', '110105 19491231 002x'],
    ['abcd31002x!', '11010519491231002X'],
    ['xx345678xx', 'H12345678'],
    ['11010519', '11010519491231002X'],
  ])('%s contains a part of %s', (password, personal) =>
    expect(check(password, ['', personal])).toBe('password_personal'),
  )

  it.each([
    ['correct horse battery', '张三'],
    ['correct horse battery', ''],
    ['correct horse battery', 'cor'],
    ['correct horse battery', ' - '],
    ['my-0013-x-8000', '13800138000'],
    ['born-1949-13', '11010519491231002X'],
    ['三张三张三张一二', '张三丰'],
  ])('%s contains no part of %s', (password, personal) => expect(check(password, [personal])).toBeUndefined())

  it('is refused with a personal text at any position', () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/)
    fc.assert(
      fc.property(word, fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (username, before, after) => {
        fc.pre(before.length + after.length >= 8)
        const problem = check(`${before} ${username.toUpperCase()} ${after}`, ['x', username])
        expect(problem).toBe('password_personal')
      }),
    )
  })
})

describe('the list of common passwords', () => {
  it.each([
    '12345678',
    'Password1',
    'a12345678',
    'woaini1314',
    '5201314520',
    'Admin@123',
    'qwertyuiop',
    '1qaz2wsx',
    'iloveyou1',
    'nihao123456',
  ])('has %s', (password) => expect(passwordProblem({ password, personal: [] })).toBe('password_common'))

  it.each([
    '88888888',
    '12121212',
    '123123123',
    'abcabcab',
    'xyzwxyzw',
    '23456789',
    '987654321',
    'hgfedcba',
    'ABCDEFGHI',
  ])('refuses %s by rule: a repetition or a run', (password) => expect(isCommonPassword(password)).toBe(true))

  it.each(['Baiyun-Shan-2026', 'correct horse battery', '珠江夜游真好看呀', 'abcdefghj', 'abcdeabcde1', '1234567a9'])(
    'has not %s',
    (password) => expect(passwordProblem({ password, personal: [] })).toBeUndefined(),
  )

  it('has Chinese entries in lower case, long enough, each once, and none that the rules find', () => {
    const text = readFileSync(new URL('../../../config/common-passwords.txt', import.meta.url), 'utf8')
    const words = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
    expect(words.length).toBeGreaterThan(50)
    expect(new Set(words).size).toBe(words.length)
    for (const word of words) {
      expect(word).toBe(word.trim().toLowerCase())
      expect(word.length, word).toBeGreaterThanOrEqual(8)
      expect(isCommonPassword(word), word).toBe(true)
    }
  })

  it('answers a million lookups as fast as a set', () => {
    expect(
      millisecondsOf(() => Array.from({ length: 10_000 }, (_, index) => isCommonPassword(`word${index}x`))),
    ).toBeLessThan(500)
  })
})
