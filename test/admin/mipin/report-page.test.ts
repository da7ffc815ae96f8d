import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

async function pageOf(line: ReturnType<typeof commandLine>, ...flags: string[]) {
  const file = join(line.directory, 'report.html')
  const { code, out, err } = await line.yideng('mipin', 'report', '--html', file, ...flags)
  expect(code, err).toBe(0)
  return { file, out, html: readFileSync(file, 'utf8') }
}

it('is one file without script, which only its owner may read', async () => {
  const { file, html } = await pageOf(commandLine())
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|javascript:/i)
  const [, style = ''] = /<style>([^]*?)<\/style>/.exec(html) ?? []
  const policy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'`
  expect(html).toContain(`http-equiv="Content-Security-Policy" content="${policy}"`)
})

it('has every clause, state and risk of the report, in Chinese or in English', async () => {
  const line = commandLine()
  const { html } = await pageOf(line)
  const { html: english } = await pageOf(commandLine(), '--language', 'en')
  const report = await line.json<{ clauses: { clause: string; asks: string }[]; high_risks: { id: string }[] }>(
    'mipin',
    'report',
  )
  expect(report.clauses.length).toBeGreaterThan(25)
  for (const { clause, asks } of report.clauses) {
    expect(html).toContain(`<b>${clause}</b>`)
    expect(html).not.toContain(asks)
    expect(english).toContain(asks)
  }
  for (const { id } of report.high_risks) expect(html).toContain(`<b>${id}</b>`)
  expect(html).toContain('<html lang="zh-CN">')
  expect(english).toContain('<html lang="en">')
  const shown = html.replaceAll(/<style>[^]*<\/style>|<code>[^]*?<\/code>|<[^>]+>/g, ' ')
  expect(shown.match(/\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/g) ?? []).toEqual([])
})

it('shows a path with signs of HTML as text', async () => {
  const keys = join(temporaryDirectory(), '<b onload="a">keys')
  const { html } = await pageOf(commandLine({ environment: { YIDENG_KEYS_DIR: keys } }))
  expect(html).toContain('&lt;b onload=&quot;a&quot;&gt;keys/data.json')
  expect(html).not.toContain('<b onload')
})

it('takes no place of another file', async () => {
  const line = commandLine()
  const { file, html } = await pageOf(line)
  const { code, err } = await line.yideng('mipin', 'report', '--html', file)
  expect([code, err]).toEqual([2, expect.stringContaining('exists already')])
  expect(readFileSync(file, 'utf8')).toBe(html)
})
