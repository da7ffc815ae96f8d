import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { outlineLines, recordLines, tableLines, terminalText, type Screen } from '../../src/cli/layout.ts'
import { widthOf } from '../../src/cli/width.ts'
import { inChinese, inEnglish } from '../../src/text/console-words.ts'

const screen = (more: Partial<Screen> = {}): Screen => ({ words: inEnglish, width: 80, utc: true, ...more })
const shown = (lines: Parameters<typeof terminalText>[0], on = screen()) =>
  stripVTControlCharacters(terminalText(lines, on)).split('\n').slice(0, -1)

it.each([
  ['abc', 3],
  ['深圳市', 6],
  ['（关怀版）', 10],
  ['Àé', 2],
  ['e\u0301', 1],
  ['𠮷', 2],
  ['', 0],
])('%j takes %i columns of a terminal', (text, width) => expect(widthOf(text)).toBe(width))

it('aligns columns, also with Chinese text', () => {
  const rows = [
    ['深圳市', 440300, 'active'],
    ['Foshan', null, 'suspended'],
  ]
  const lines = shown(tableLines({ columns: ['NAME', 'REGION', 'STATUS'], rows }, screen()))
  expect(lines).toEqual(['NAME    REGION  STATUS', '深圳市  440300  active', 'Foshan  -       suspended'])
})

it('shows a document field by field, and a list with one line for each entry', () => {
  const lines = recordLines(
    {
      name: '深圳',
      redirect_uris: ['https://a.example', 'https://b.example'],
      resources: [],
      jwks: { keys: [] },
    },
    screen(),
  )
  expect(shown(lines)).toEqual([
    'name           深圳',
    'redirect_uris  https://a.example',
    '               https://b.example',
    'resources      -',
    'jwks           {"keys":[]}',
  ])
})

const portals = {
  columns: ['NAME', 'STATUS', 'AT', 'ADDRESS'],
  rows: [
    [
      '深圳市政务服务数据管理局统一政务服务门户网站（关怀版）',
      'active',
      '2026-11-30T09:52:07.123Z',
      'https://www.sz.example.gov.cn/callback',
    ],
    ['Foshan', 'suspended', null, 'https://www.fs.example.gov.cn/'],
  ],
}

it('shows a table that is wider than the terminal as cards, with words wrapped inside', () => {
  expect(shown(tableLines(portals, screen({ width: 50 })), screen({ width: 50 }))).toEqual([
    'NAME     深圳市政务服务数据管理局统一政务服务门户',
    '         网站（关怀版）',
    'STATUS   active',
    'AT       2026-11-30T09:52:07.123Z',
    'ADDRESS  https://www.sz.example.gov.cn/callback',
    '',
    'NAME     Foshan',
    'STATUS   suspended',
    'AT       -',
    'ADDRESS  https://www.fs.example.gov.cn/',
  ])
})

it('says headings and states in Chinese, and leaves data as they are', () => {
  const table = { columns: ['NAME', 'STATUS'], rows: [['active', 'active']] }
  expect(shown(tableLines(table, screen({ words: inChinese() })))).toEqual(['名称    状态', 'active  有效'])
  expect(shown(recordLines({ name: 'active', status: 'active' }, screen({ words: inChinese() })))).toEqual([
    '名称  active',
    '状态  有效',
  ])
})

it('shows times in the zone of the machine, with its offset, unless UTC is asked for', () => {
  const local = /^AT {2}2026-(?:11-30|12-01) \d\d:\d\d:07 [+-]\d\d:\d\d$/
  const [, time = ''] = shown(
    tableLines({ columns: ['AT'], rows: [['2026-11-30T09:52:07.123Z']] }, screen({ utc: false })),
  )
  expect(`AT  ${time}`).toMatch(local)
  expect(Date.parse(time.replace(' ', 'T').replace(' ', ''))).toBe(Date.parse('2026-11-30T09:52:07Z'))
  expect(shown(['until 2026-11-30T09:52:07Z'])).toEqual(['until 2026-11-30T09:52:07Z'])
})

it.each([
  ['a word that is wider than the line', `see ${'x'.repeat(60)} there`, ['see', 'x'.repeat(60), 'there']],
  [
    'an indented line',
    `  ${'one two '.repeat(8)}`,
    [`  ${'one two '.repeat(4)}one`, `  two ${'one two '.repeat(3).trim()}`],
  ],
  ['Chinese, with no stop at the beginning of a line', `${'一'.repeat(20)}，二`, ['一'.repeat(19), '一，二']],
])('wraps %s', (_what, text, lines) => expect(shown([text], screen({ width: 40 }))).toEqual(lines))

it('shows an outline: each part in the language of the terminal, and what to do behind an arrow', () => {
  const outline = [
    { depth: 0, parts: ['Algorithms'] },
    { depth: 1, parts: ['SM2', 'in use'] },
    { depth: 2, parts: ['a\u{202e}b'], todo: true },
    { depth: 0, parts: [] },
  ]
  expect(shown(outlineLines(outline, screen()))).toEqual(['Algorithms', '  SM2; in use', '    → a\\u{202e}b', ''])
  const chinese = screen({ words: inChinese() })
  expect(shown(outlineLines(outline, chinese), chinese)).toEqual(['密码算法', '  SM2；在用', '    → a\\u{202e}b', ''])
})
