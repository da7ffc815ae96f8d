import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)

const files = [
  { file: 'docs/security.md', heads: '要求|章节', mark: '**未满足**', open: /^\*\*未满足\*\*：\p{L}{4,}/u },
  { file: 'docs/en/security.md', heads: 'Requirement|Section', mark: '**open**', open: /^\*\*open\*\*: \S+ \S+/ },
]

it.each(files)('every line of $file names its test, or is marked open with a reason', ({ file, heads, mark, open }) => {
  // the revocation matrix is another kind of table, with its own test
  const rows = readFileSync(new URL(file, root), 'utf8')
    .replace(/<!-- revocation matrix[^]*?<!-- end of the revocation matrix -->/, '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !new RegExp(`^\\| (${heads}) \\|`).test(line))
  expect(rows.length).toBeGreaterThan(90)
  for (const row of rows) {
    const cells = row.split('|').map((cell) => cell.trim())
    expect(cells, row).toHaveLength(5)
    const [, requirement = '', how = '', shown = ''] = cells
    expect(requirement, row).not.toBe('')
    const marked = [how, shown].find((cell) => cell.startsWith(mark))
    if (marked) expect(marked, row).toMatch(open)
    const named = shown.startsWith(mark) ? [] : shown.split(', ')
    if (!marked)
      expect(
        named.some((one) => /^(test|docs|config)\//.test(one) || one.endsWith('.json') || one.endsWith('.ts')),
        row,
      ).toBe(true)
    for (const one of named) {
      expect(existsSync(new URL(one, root)), `${one} in: ${row}`).toBe(true)
      if (one.startsWith('test/')) expect(one, 'what helps a test shows nothing').toMatch(/\.test\.ts$/)
    }
  }
})

it('both languages show the same by the same tests', () => {
  const shown = files.map(({ file }) =>
    readFileSync(new URL(file, root), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| ') && /(?:test|docs|config)\/[\w/.-]+ \|$/.test(line))
      .map((line) => line.split('|').at(-2)?.trim()),
  )
  expect(shown[0]?.length).toBeGreaterThan(90)
  expect(shown[0]).toEqual(shown[1])
})
