import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'

describe('a damaged file of config/ stops the program with one sentence', () => {
  const project = new URL('../../', import.meta.url).pathname
  const tree = mkdtempSync(join(tmpdir(), 'yideng-config-'))
  afterFile(() => rmSync(tree, { recursive: true, force: true }))
  const env = { COLUMNS: '1000', YIDENG_DATA_DIR: join(tree, 'data'), YIDENG_KEYS_DIR: join(tree, 'data/keys') }
  for (const part of ['bin', 'src', 'config', 'package.json'])
    cpSync(join(project, part), join(tree, part), { recursive: true })
  for (const part of ['node_modules', 'views', 'keys', 'browser']) symlinkSync(join(project, part), join(tree, part))
  // characters are read below the layer of settings, and no operator edits them
  const others = new Set(['resources.json', 'han-characters.json'])
  const files = readdirSync(join(tree, 'config')).filter((name) => name.endsWith('.json') && !others.has(name))

  it.each(files)('%s', (name) => {
    const file = join(tree, 'config', name)
    // the names of authorities are read by the command that compares with them
    const program =
      name === 'official-names.json'
        ? ['bin/yideng.mjs', 'client', 'create', '--name', '门户', '--redirect-uri', 'https://portal.example/cb']
        : ['bin/server.mjs']
    const { status, stderr } = damaged(file, '{"half":', () =>
      spawnSync(process.execPath, program, { cwd: tree, env, encoding: 'utf8', timeout: 30_000 }),
    )
    expect(stderr.trim()).toBe(`${file} is not JSON: it is damaged.`)
    expect(status).toBe(1)
  })

  function damaged<T>(file: string, text: string, during: () => T): T {
    cpSync(file, `${file}.aside`)
    writeFileSync(file, text)
    try {
      return during()
    } finally {
      cpSync(`${file}.aside`, file)
      rmSync(`${file}.aside`)
    }
  }
})
