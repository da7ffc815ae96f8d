import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const packages = z
  .object({
    packages: z.record(z.string(), z.object({ license: z.string().optional(), dev: z.boolean().optional() })),
  })
  .parse(JSON.parse(read('package-lock.json'))).packages

/** The largest version of glibc that a compiled file names. */
function glibcOf(path: string): string | undefined {
  const found = new Set(readFileSync(new URL(path, root), 'latin1').match(/GLIBC_2\.\d+/g))
  const minors = [...found].map((name) => Number(name.slice('GLIBC_2.'.length)))
  return minors.length === 0 ? undefined : `2.${Math.max(...minors)}`
}

/** Installed files of native code for the processor x64, of packages that a production needs. */
const patterns = ['*.node', '*.so', '*.so.*', join('bin', 'node')].map((name) => join('node_modules', '**', name))
const compiled = globSync(patterns, { cwd: root })
  .filter((path) => !/\b(darwin|win32|freebsd|musl|arm|arm64|armv\d)\b/.test(path))
  .filter((path) => {
    const [name = ''] = /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []
    return packages[name] !== undefined && packages[name].dev !== true
  })

const nameOf = (path: string) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? ''

describe.skipIf(process.arch !== 'x64').each(['docs/xinchuang.md', 'docs/en/xinchuang.md'])('%s', (file) => {
  const text = read(file)
  const rows = [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | '))
  const named = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

  it('names every package with native code, and no other', () => {
    const families = compiled.map(nameOf).map((name) => name.replace(/^@img\/sharp-linux-.*/, 'sharp'))
    const here = new Set(families.filter((name) => !name.endsWith('arm64')))
    const shown = rows.flatMap(([cell]) => named(cell)).filter((name) => !name.endsWith('arm64'))
    expect(new Set(shown)).toEqual(here)
  })

  it.each(rows.map((row) => [row[0], row] as const))(
    '%s: licences, processors and glibc are those of the packages',
    (_names, row) => {
      const [names, licences, , processors, glibc] = row
      const own = named(names)
      const licencesOf = own.map((name) => packages[`node_modules/${name}`]?.license)
      expect([...new Set(licencesOf)].join(file.includes('/en/') ? ', ' : '、')).toBe(licences)
      const versions = compiled
        .filter((path) => own.some((name) => path.startsWith(`node_modules/${name}/`)))
        .map(glibcOf)
      const minors = versions.flatMap((version) => (version === undefined ? [] : Number(version.slice(2))))
      expect(`2.${Math.max(...minors)}`).toBe(glibc)
      const listed = (processors ?? '').split(/[、,] ?/)
      const known = listed.filter((cpu) =>
        own.some(
          (name) =>
            existsSync(new URL(`node_modules/${name}/prebuilds/linux-${cpu}`, root)) ||
            packages[`node_modules/@img/${name}-linux-${cpu}`] !== undefined ||
            name === `node-linux-${cpu}`,
        ),
      )
      expect(known).toEqual(listed)
    },
  )

  it('cites only sources that exist', () => {
    expect(text).not.toContain('undefined')
    expect(text.match(/\]\(https:/g)?.length).toBeGreaterThan(20)
  })
})

it('a server without native code starts, and people sign in by password', async () => {
  const without = `--import ${new URL('../setup/no-native-code.mjs', import.meta.url).href}`
  const program = "import('bcrypt').then(({ default: { hash } }) => hash('a', 4))"
  const loaded = spawnSync(process.execPath, ['--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: without },
  })
  expect(loaded.stderr).toContain('no native code')

  const server = await startServer({ NODE_OPTIONS: without })
  const services = await server.services()
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
  expect(tokens.claims()?.amr).toEqual(['pwd'])
  expect(server.output()).not.toContain('no native code')
})
