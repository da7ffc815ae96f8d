import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { recordLines, tableLines, terminalText, widthOf } from '../../src/cli/layout.ts'

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
  const lines = stripVTControlCharacters(terminalText(tableLines({ columns: ['NAME', 'REGION', 'STATUS'], rows })))
    .split('\n')
    .slice(0, -1)
  expect(lines).toEqual(['NAME    REGION  STATUS', '深圳市  440300  active', 'Foshan  -       suspended'])
})

it('shows a document field by field, and a list with one line for each entry', () => {
  const lines = recordLines({
    name: '深圳',
    redirect_uris: ['https://a.example', 'https://b.example'],
    resources: [],
    jwks: { keys: [] },
  })
  expect(lines).toEqual([
    'name           深圳',
    'redirect_uris  https://a.example',
    '               https://b.example',
    'resources      -',
    'jwks           {"keys":[]}',
  ])
})
