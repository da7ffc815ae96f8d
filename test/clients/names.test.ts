import { expect, it } from 'vitest'
import { officialNameIn } from '../../src/clients/official-names.ts'
import { faultOfClientId } from '../../src/clients/registration-rules.ts'
import { faultOfShownName, normaliseShownName, skeletonOf } from '../../src/text/shown-names.ts'
import { withoutInvisible } from '../../src/text/invisible.ts'
import { checkName, normaliseName, normaliseOrganisationName } from '../../src/accounts/identifiers/names.ts'

const fault = (name: string) => faultOfShownName(normaliseShownName(name))

it.each([
  ['fillers', '\u{3164}\u{3164}'],
  ['Hangul fillers', '\u{115f}\u{1160}'],
  ['a half-width filler', '\u{ffa0}\u{ffa0}'],
  ['blank Braille', '\u{2800}\u{2800}'],
  ['a joiner', '深\u{200d}圳'],
  ['a variation selector', '深圳\u{fe0f}'],
  ['a flood of marks', 'a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}'],
  ['Cyrillic among Latin', 'Gu\u{430}ngdong'],
  ['Greek among Latin', '\u{39f}fficial'],
  ['no letter', '12345'],
  ['signs alone', '——'],
  ['an arrow', '→ 深圳'],
  ['emoji', '深圳😀'],
  ['direction', '深\u{202e}圳'],
  ['a private character', '深\u{e000}圳'],
])('refuses a portal’s name with %s', (_what, name) => {
  expect(fault(name)).toBeTypeOf('string')
  // the same rule applies to people and organisations; invisible marks are taken out of their names
  if (withoutInvisible(name) !== name) expect(normaliseName(name)).toBe('深圳')
  else {
    expect(checkName(normaliseName(name))).toBe('name_malformed')
    if (name !== '12345') expect(normaliseOrganisationName(name)).toBeUndefined()
  }
})

it.each([
  '深圳市政务服务网',
  '12345 热线',
  '粤省事（关怀版）',
  'Service Counter No. 3',
  '中国·广东',
  '𠮷野家便民点',
  'བོད་ཡིག',
  'ئۇيغۇرچە',
  'ภาษาไทย',
])('accepts %s', (name) => expect(fault(name)).toBeUndefined())

it('converts letters to their usual form', () => {
  expect(normaliseShownName(' ⽢肃　省（ＡＢ） ')).toBe('甘肃 省（AB）')
})

it.each([
  ['甘肃省', '⽢肃省'],
  ['深圳市政务服务网', '深圳市 政务·服务网'],
  ['广东省人民政府', '广东省人民政府。'],
  ['12345 热线', 'l2345热线'],
  ['Guangdong', 'GUANGDÓNG'],
  ['OA 门户', '0A门户'],
])('%s and %s look the same', (one, other) => expect(skeletonOf(one)).toBe(skeletonOf(other)))

it('other names do not look the same', () => {
  const names = ['深圳市政务服务网', '深圳市服务网', '广州市政务服务网', 'བོད', 'བོ', 'ไทย', 'ไท']
  expect(new Set(names.map(skeletonOf)).size).toBe(names.length)
})

it.each([
  ['广东省人民政府', '广东省人民政府'],
  ['广东省 人民政府办事大厅', '广东省人民政府'],
  ['我的一登', '一登'],
  ['YIDENG 帮助', 'Yideng'],
  ['深圳市政务服务网', undefined],
])('%s contains the official name %s', (name, official) => expect(officialNameIn(name)).toBe(official))

it.each([
  ...Object.getOwnPropertyNames(Object.prototype),
  'Portal-of-sz',
  'portal_of_sz',
  'short',
  '12345678',
  `a${'b'.repeat(64)}`,
  'yideng-account',
  'yideng-cli',
  'a3f0c6a5-58b1-4b5c-9e53-8f1f9b8f7c11',
  'портал-города',
])('%s is no valid id for a portal', (id) => expect(faultOfClientId(id)).toBeTypeOf('string'))

it.each(['sz-gov-portal', '0123456789abcdef01234567', 'abcdefgh', `a${'b'.repeat(63)}`])('%s is a valid id', (id) =>
  expect(faultOfClientId(id)).toBeUndefined(),
)
