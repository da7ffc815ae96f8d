import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

/** The diffs of the guide in their order, with the examples that they lead from and to. */
const diffs = [
  ['cas-django/settings.py', 'src/admin/clients/libraries/python.ts'],
  ['cas-django/pages.py', 'examples/django-mozilla/pages.py'],
  ['plain/tif.ts', 'examples/node/portal.mjs'],
] as const

it.each(diffs.map(([from, to], index) => [from, to, index] as const))(
  'the guide changes %s to %s: each line is in one of them, and not in the other',
  (from, to, index) => {
    const [, diff = ''] = [...read('docs/migrate.md').matchAll(/^```diff\n([^]*?)^```/gm)][index] ?? []
    const [before, after] = [read(`examples/old-portals/${from}`), read(to)].map((text) => new Set(text.split('\n')))
    const lines = diff.trim().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) {
      const [has, lacks] = line.startsWith('-') ? [before, after] : [after, before]
      expect({ line, has: has?.has(line.slice(1)), lacks: lacks?.has(line.slice(1)) }).toEqual({
        line,
        has: true,
        lacks: false,
      })
    }
  },
)
