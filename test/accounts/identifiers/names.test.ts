import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkName, matchKey, normaliseName } from '../../../src/accounts/identifiers/names.ts'
import { millisecondsOf } from './hostile-texts.ts'

describe('names', () => {
  it.each([
    ['张三', '张三'],
    [' 张\u3000三 ', '张三'],
    ['阿卜杜拉•买买提', '阿卜杜拉·买买提'],
    ['阿卜杜拉‧买买提', '阿卜杜拉·买买提'],
    ['阿卜杜拉･买买提', '阿卜杜拉·买买提'],
    ['阿卜杜拉∙买买提', '阿卜杜拉·买买提'],
    ['阿卜杜拉 · 买买提', '阿卜杜拉·买买提'],
    ['Maria   Chen ', 'Maria Chen'],
    ['Ｍaria\u00a0Chen', 'Maria Chen'],
    ['O’Brien', "O'Brien"],
    ['O´Brien', "O'Brien"],
    ['Anne‑Marie', 'Anne-Marie'],
    ['陈 David', '陈 David'],
  ])('%j is normalised to %j', (typed, name) => {
    expect(normaliseName(typed)).toBe(name)
    expect(checkName(name)).toBeUndefined()
  })

  it.each([
    '𠮷田',
    '刘〇',
    '李',
    '䶮䶮',
    'José',
    'Nguyễn Văn A',
    'محمد',
    'ཚེ་རིང'.replace('་', ' '),
    'J. R. Smith',
    '好'.repeat(60),
  ])('%s is a name', (name) => expect(checkName(normaliseName(name))).toBeUndefined())

  it.each([
    '张三3',
    '张<b>三',
    '张三;',
    '张\0三',
    '张\u200b三',
    '\u202e三张',
    '张\u200f三',
    '\u3164',
    '张三\ue863',
    '·张三',
    '张三·',
    ' 张',
    '-',
    '张_三',
    '张三（先生）',
    '😀',
    '\ud800',
    '\u0301',
    '好'.repeat(61),
    '=cmd',
    '@张',
    "张三'",
  ])('%j is not a name', (name) => expect(checkName(name)).toBe('name_malformed'))

  it('an empty text is no name', () => {
    expect(checkName(normaliseName(' \u3000\r\n'))).toBe('name_required')
  })

  it.each(['张', ' ', '\ufdfa', '·', 'a ', '\u0301'])('a megabyte of %j is refused quickly', (one) => {
    const text = one.repeat(1_000_000)
    expect(millisecondsOf(() => checkName(normaliseName(text)))).toBeLessThan(50)
    expect(checkName(normaliseName(text))).toBe('name_malformed')
  })

  it('a normalised name stays unchanged', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const chinese = fc.stringMatching(/^[张三阿a ·•\u3000.’]{0,20}$/)
    fc.assert(
      fc.property(fc.oneof(text, chinese), (name) => {
        expect(normaliseName(normaliseName(name))).toBe(normaliseName(name))
      }),
      { numRuns: 2000 },
    )
  })

  it('are equal for a register with different case, spaces and dots', () => {
    expect(matchKey('maria  chen')).toBe(matchKey('MARIA CHEN'))
    expect(matchKey('阿卜杜拉 • 买买提')).toBe(matchKey('阿卜杜拉·买买提'))
    expect(matchKey('张三')).not.toBe(matchKey('张山'))
    expect(matchKey('Maria Chen')).not.toBe(matchKey('MariaChen'))
  })
})
