import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'

describe('a file of the program that cannot be used stops the program with one sentence', () => {
  const project = new URL('../../', import.meta.url).pathname
  const tree = mkdtempSync(join(tmpdir(), 'yideng-config-'))
  afterFile(() => rmSync(tree, { recursive: true, force: true }))
  const env = { COLUMNS: '1000', YIDENG_DATA_DIR: join(tree, 'data'), YIDENG_KEYS_DIR: join(tree, 'data/keys') }
  const options = { cwd: tree, env, encoding: 'utf8', timeout: 30_000 } as const
  for (const part of ['bin', 'src', 'config', 'views', 'browser', 'package.json'])
    cpSync(join(project, part), join(tree, part), { recursive: true })
  for (const part of ['node_modules', 'keys']) symlinkSync(join(project, part), join(tree, part))
  const read = readdirSync(join(tree, 'config'))
  // a setting names the file of APIs, so its sentence names the setting
  const files = read.filter((name) => name.endsWith('.json') && name !== 'resources.json')
  const config = files.map((name) => `config/${name}`)
  const words = ['views/words/en/errors.json', 'views/words/zh-CN/logout.json', 'src/login/methods/qr/words/en.json']
  const start = () => {
    const { status, stderr } = spawnSync(process.execPath, ['bin/server.mjs'], options)
    return { status, stderr: stderr.trim() }
  }

  it.each([...config, ...words])('%s, damaged', (name) => {
    const file = join(tree, name)
    // the names of authorities are read by the command that compares with them
    const program =
      name === 'config/official-names.json'
        ? ['bin/yideng.mjs', 'client', 'create', '--name', '门户', '--redirect-uri', 'https://portal.example/cb']
        : ['bin/server.mjs']
    const { status, stderr } = damaged(file, '{"half":', () => spawnSync(process.execPath, program, options))
    expect(stderr.trim()).toBe(`${file} is not JSON: it is damaged.`)
    expect(status).toBe(1)
  })

  it.each([...words, 'config/han-characters.json', 'config/levels.json', 'config/common-passwords.txt'])(
    '%s, of another encoding',
    (name) => {
      const file = join(tree, name)
      const stderr = `${file} is not UTF-8: it is damaged.`
      expect(damaged(file, Buffer.from('d2a6ceb0ff', 'hex'), start)).toEqual({ status: 1, stderr })
    },
  )

  it.each(['config/han-characters.json', 'config/documents.json', 'config/common-passwords.txt'])(
    '%s, missing',
    (name) => {
      const file = join(tree, name)
      const stderr = `${file} does not exist.`
      expect(damaged(file, undefined, start)).toEqual({ status: 1, stderr })
    },
  )

  it.each(['config/han-characters.json', 'views/words/en/errors.json'])('%s, with a value of another kind', (name) => {
    const file = join(tree, name)
    const { status, stderr } = damaged(file, '{"source":1,"title":{"a":2}}', start)
    expect({ status, lines: stderr.split('\n').length }).toEqual({ status: 1, lines: 1 })
    expect(stderr).toContain(`${file} is wrong at`)
  })

  function damaged<T>(file: string, content: string | Buffer | undefined, during: () => T): T {
    cpSync(file, `${file}.aside`)
    if (content === undefined) rmSync(file)
    else writeFileSync(file, content)
    try {
      return during()
    } finally {
      cpSync(`${file}.aside`, file)
      rmSync(`${file}.aside`)
    }
  }
})
