import { describe, expect, it } from 'vitest'
import { parseUsername } from '../../../src/accounts/identifiers/usernames.ts'
import { fullWidth, millisecondsOf, spoilt, withMarks } from './hostile-texts.ts'

describe('usernames', () => {
  it.each([
    ['zhangsan', 'zhangsan'],
    [' ZhangSan ', 'zhangsan'],
    [fullWidth('Zhang.San'), 'zhang.san'],
    ['zy19900101', 'zy19900101'],
    ['a_b-c.9', 'a_b-c.9'],
    ['citizen001', 'citizen001'],
    ['\u212aelvin', 'kelvin'],
    ['a'.repeat(32), 'a'.repeat(32)],
  ])('%j is %s', (typed, username) => expect(parseUsername(typed)).toEqual({ ok: true, username }))

  it.each([
    'abc',
    'a'.repeat(33),
    '1abc',
    '.abc',
    '张三张三',
    'zhang san',
    'zhang@san',
    'zhаngsan',
    'zhangsan\u0130',
    'stra\u00dfe',
    '13800138000',
    'h12345678',
    'ha1234567',
    'ma1234567',
    'h\u200ba1234567',
    'zh\u200b\u0430ngsan',
    '\u3164zhangsan',
    'H-12345678',
    'm1234567801',
    'e12345678',
    'ea1234567',
    'usa310081080301',
    '11010519491231002X',
  ])('%j is no username', (typed) => expect(parseUsername(typed)).toEqual({ ok: false, problem: 'username_malformed' }))

  it.each(withMarks('zhangsan'))('with %s it is read', (_why, text) => {
    expect(parseUsername(text)).toEqual({ ok: true, username: 'zhangsan' })
  })

  it.each(spoilt('zhangsan').filter(([why]) => why !== 'an Arabic digit'))(
    'with %s it is refused, and quickly so',
    (_why, text) => {
      expect(millisecondsOf(() => parseUsername(text))).toBeLessThan(50)
      expect(parseUsername(text).ok).toBe(false)
    },
  )
})
