import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLog } from '../../src/http/start.ts'

it('keeps the text for programs, without invisible characters', () => {
  const lines: string[] = []
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const hostile = 'a\u{9b}31m\u{202e}b\u{1b}[2J\u{e0041}\u{2028}\u{e000}\nc'
  const log = createLog('info', undefined, to)
  log.error({ err: new Error(hostile), id: hostile, [hostile]: 1 }, hostile)
  log.info({ method: '中文 😀' }, 'request')
  expect(lines).toHaveLength(2)
  for (const line of lines) {
    expect(line.endsWith('\n')).toBe(true)
    expect(line.slice(0, -1)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  }
  const [first = '', second = ''] = lines
  expect(JSON.parse(first)).toMatchObject({ id: hostile, msg: hostile, [hostile]: 1, err: { message: hostile } })
  expect(second).toContain('中文 😀')
})
