import { stripVTControlCharacters } from 'node:util'
import decodeQR from 'qr/decode.js'
import { expect, it } from 'vitest'
import { qrRows } from '../../src/cli/qr-code.ts'
import { commandLine, zhangSan } from './in-process.ts'

/** Reads the code from its characters, as a camera would from the picture. */
function read(rows: readonly string[]): string {
  const scale = 4
  const width = Array.from(rows[0] ?? '').length * scale
  const height = rows.length * 2 * scale
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < height; y += 1) {
    const row = Array.from(rows[Math.floor(y / (2 * scale))] ?? '')
    const upper = Math.floor(y / scale) % 2 === 0
    for (let x = 0; x < width; x += 1) {
      const character = row[Math.floor(x / scale)] ?? ' '
      const dark = character === '█' || character === (upper ? '▀' : '▄')
      if (dark) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return decodeQR({ width, height, data })
}

it.each([
  'https://login.example.gov.cn/recover/dGhpcyBpcyBhIHRva2VuIG9mIDMyIGJ5dGVz',
  'http://localhost:3000/',
  `https://login.example.gov.cn/${'a'.repeat(200)}`,
])('shows %s as a code that can be read, within 80 columns', (link) => {
  const rows = qrRows(link)
  expect(Math.max(...rows.map((row) => Array.from(row).length))).toBeLessThanOrEqual(80)
  expect(read(rows)).toBe(link)
})

it('stands above the link of person reset-password, where it is asked for', async () => {
  const { json, yideng, yidengWith } = commandLine()
  const made = await yidengWith('Nanshan-7-lychee\n', 'person', 'create', ...zhangSan, '--password-stdin', '--json')
  const { id } = JSON.parse(made.out) as { id: string }
  const { out } = await yideng('person', 'reset-password', id, '--counter', '--qr')
  const lines = stripVTControlCharacters(out).split('\n')
  const code = lines.filter((line) => /[█▀▄]/.test(line) || line.trim() === '').slice(0, -1)
  const url = /https?:\/\/\S+/.exec(out)?.[0] ?? ''
  expect(read(code.filter((line) => line.length > 20))).toBe(url)
  expect((await yideng('person', 'reset-password', id)).out).not.toMatch(/[█▀▄]/)
  expect(await json('person', 'reset-password', id, '--qr')).toMatchObject({ id })
})
