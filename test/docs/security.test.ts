import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)

it('every line of docs/security.md names its test, or is marked open with a reason', () => {
  // the revocation matrix is another kind of table, with its own test
  const rows = readFileSync(new URL('docs/security.md', root), 'utf8')
    .replace(/<!-- revocation matrix[^]*?<!-- end of the revocation matrix -->/, '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Requirement|Section) \|/.test(line))
  expect(rows.length).toBeGreaterThan(90)
  for (const row of rows) {
    const cells = row.split('|').map((cell) => cell.trim())
    expect(cells, row).toHaveLength(5)
    const [, requirement = '', how = '', shown = ''] = cells
    expect(requirement, row).not.toBe('')
    const open = [how, shown].find((cell) => cell.startsWith('**open**'))
    if (open) expect(open, row).toMatch(/^\*\*open\*\*: \S+ \S+/)
    const files = shown.startsWith('**open**') ? [] : shown.split(', ')
    if (!open)
      expect(
        files.some((file) => /^(test|docs|config)\//.test(file) || file.endsWith('.json') || file.endsWith('.ts')),
        row,
      ).toBe(true)
    for (const file of files) {
      expect(existsSync(new URL(file, root)), `${file} in: ${row}`).toBe(true)
      if (file.startsWith('test/')) expect(file, 'what helps a test shows nothing').toMatch(/\.test\.ts$/)
    }
  }
})
