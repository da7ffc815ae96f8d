import { existsSync, globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedDocs } from '../../docs/generate.ts'

const root = new URL('../../', import.meta.url)
const read = (document: string) => readFileSync(new URL(document, root), 'utf8')

const generated = generatedDocs()
const documents = [
  'README.md',
  'README.en.md',
  'examples/README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...globSync('{docs,docs/en,docs/decisions}/*.md', { cwd: root }),
].filter((document) => !(document in generated))

/** A path from the root of the repository. `keys/` and `data/` are left out: servers make them. */
const fromRoot = /^(src|test|views|config|docs|bench|browser|examples|bin|bundle|\.ci)\//
/** A short path below src/: a folder, or a source file. */
const belowSrc = /^(?!data\/|keys\/)[\w-]+(\/[\w.-]+)*(\.ts|\/)$/

/** The paths that a document names: in backticks, or a file of docs/ without them. */
const pathsIn = (text: string) =>
  [...text.replace(/```[^]*?```/g, '').matchAll(/`([\w.<>{},*/-]+)`|(?<![\w/`])(docs\/[\w/-]+\.md)/g)]
    .map(([, quoted, bare]) => quoted ?? bare ?? '')
    .filter((path) => fromRoot.test(path) || belowSrc.test(path))

/** `a/{b,c}.ts` names two paths. */
const expanded = (path: string): string[] => {
  const [all, list] = /\{([^}]+)\}/.exec(path) ?? []
  return all && list ? list.split(',').flatMap((one) => expanded(path.replace(all, one))) : [path]
}

/** `<name>` in a path means any name. */
const exists = (path: string) =>
  [path, `src/${path}`].some((one) => globSync(one.replace(/<[^>]+>/g, '*'), { cwd: root }).length > 0)

const missing = (text: string) =>
  pathsIn(text)
    .flatMap(expanded)
    .filter((path) => !exists(path))

it('documents name only files and folders that exist', () => {
  expect(documents.length).toBeGreaterThan(100)
  const found = documents.flatMap((document) => missing(read(document)).map((path) => `${document}: ${path}`))
  expect(found).toEqual([])
})

it('sees a missing path in each form', () => {
  const text =
    '`src/main.ts`, `src/gone.ts`, `oidc/gone.ts`, `gone/`, docs/gone.md, `views/words/<language>/{login,gone}.json`; ' +
    'no path: `/login/<id>`'
  expect(missing(text)).toEqual([
    'src/gone.ts',
    'oidc/gone.ts',
    'gone/',
    'docs/gone.md',
    'views/words/<language>/gone.json',
  ])
})

it('documents link only to files that exist', () => {
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\(([^)#\s:]+)(#[^)\s]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(new URL(target, new URL(document, root))))
      .map((target) => `${document}: ${target}`),
  )
  expect(broken).toEqual([])
})
