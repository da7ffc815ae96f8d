import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kindOptions } from '../../src/upstreams/kind-options.ts'
import { readUpstreams } from '../../src/upstreams/upstreams.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'

const root = new URL('../../', import.meta.url)
const documents = globSync('docs/{,en/}upstream*.md', { cwd: root })
const read = (document: string) => readFileSync(new URL(document, root), 'utf8')

interface Row {
  id: string
  clientSecretFile?: string
  publicKeyFile?: string
}

const rows = documents.flatMap((document) =>
  [...read(document).matchAll(/^```json\n([^]*?)^```/gm)].flatMap(([, text = '']) =>
    (JSON.parse(text) as Row[]).map((row) => [document, row.id, row] as const),
  ),
)

it('sees rows of all kinds', () => {
  expect(new Set(rows.map(([, , row]) => (row as unknown as { kind: string }).kind)).size).toBe(4)
})

it.each(rows)('%s: the row of %s can be used in production', (_document, _id, row) => {
  const keys = [row.clientSecretFile, row.publicKeyFile].flatMap((name) => (name === undefined ? [] : [[name, 'key']]))
  const file = upstreamsFile([row], Object.fromEntries(keys) as Record<string, string>)
  expect(readUpstreams({ production: true, upstreams: { file } })).toHaveLength(1)
})

describe.each(['docs/upstream-kinds.md', 'docs/en/upstream-kinds.md'])('%s', (document) => {
  const sections = read(document).split(/^## /m)
  it.each(['oauth2', 'cas'] as const)('has each option of %s with its default', (kind) => {
    const section = sections.find((one) =>
      one.startsWith(kind === 'cas' ? 'CAS' : /en\//.test(document) ? 'An OAuth' : '自己的'),
    )
    const written = [...(section ?? '').matchAll(/^\| `(\w+)` \| (?:`(.*?)`)? ?\|/gm)].map(([, name, value]) => [
      name,
      value,
    ])
    const defaults = kindOptions[kind].parse({}) as Record<string, unknown>
    const known = Object.keys(kindOptions[kind].shape).map((name) => [
      name,
      name in defaults ? String(defaults[name]) : undefined,
    ])
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(known))
  })
})
