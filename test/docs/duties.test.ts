import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const rows = [...read('docs/duties.md').matchAll(/^\| (.+) \| (.+) \| `(.+)` \| (\S+\.test\.ts) "(.+)" \|$/gm)].map(
  ([, duty = '', source = '', page = '', file = '', title = '']) => ({ duty, source, page, file, title }),
)

const sources = [
  'src/registration/registration-routes.ts',
  'src/account-centre/rooms.ts',
  'src/account-centre/record-correction.ts',
  'src/login/questions/question-routes.ts',
].map(read)
/** Whether a route of this page exists; a login method has its room under its own name. */
const exists = (page: string) =>
  sources.some((text) => text.includes(`'${page}'`)) ||
  existsSync(new URL(`src/login/methods/${page.split('/')[2]}/`, root))

describe('docs/duties.md', () => {
  it('has a row for each article that the pages serve', () => {
    const lines = read('docs/duties.md')
      .split('\n')
      .filter((line) => line.startsWith('| '))
    expect(rows).toHaveLength(lines.length - 1)
    for (const article of ['14', '17', '23', '24', '29', '31', '45', '46', '47'])
      expect(rows.some(({ source }) => new RegExp(`PIPL[^;]*\\b${article}\\b`).test(source))).toBe(true)
    expect(rows.some(({ source }) => source.includes('FACE'))).toBe(true)
  })

  it.each(rows)('$duty: $file', ({ page, file, title }) => {
    expect(existsSync(new URL(file, root))).toBe(true)
    expect(read(file)).toContain(title)
    expect(exists(page)).toBe(true)
  })
})
