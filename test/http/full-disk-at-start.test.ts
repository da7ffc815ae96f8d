import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { afterFile } from '../setup/after-file.ts'
import { freePort } from '../setup/free-port.ts'

const server = new URL('../../bin/server.mjs', import.meta.url).pathname

/** A file system of its own in memory, where the tests may mount one. */
function mount(at: string, options: string): boolean {
  mkdirSync(at, { recursive: true })
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', at]).status === 0
}
const unmount = (at: string) => spawnSync('umount', [at])

let directory: string
let port: string
let mayMount = false
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'yideng-full-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  port = String(await freePort())
})

{
  const at = mkdtempSync(join(tmpdir(), 'yideng-mount-'))
  mayMount = mount(at, 'size=4k')
  unmount(at)
  rmSync(at, { recursive: true })
}

function start(environment: Record<string, string>, stdout: 'pipe' | number = 'pipe') {
  const { status, signal, ...said } = spawnSync(process.execPath, [server], {
    env: { PORT: port, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'pipe'],
    timeout: 60_000,
  })
  return { status, signal, stderr: said.stderr.trim(), stdout: said.stdout ?? '' }
}

function expectOneSentence({ status, signal, stderr, stdout }: ReturnType<typeof start>, names: string, says: RegExp) {
  expect({ status, signal, lines: stderr.split('\n').length }, stderr).toEqual({ status: 1, signal: null, lines: 1 })
  expect(stderr).toContain(names)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/^\s*at |Error:|node:/)
  expect(stdout).not.toContain('"stack"')
}

const settings = { data: 'YIDENG_DATA_DIR', keys: 'YIDENG_KEYS_DIR' } as const
type Which = keyof typeof settings

const placed = (at: string, which: Which, value: string) => ({
  YIDENG_DATA_DIR: join(at, 'data'),
  YIDENG_KEYS_DIR: join(at, 'keys'),
  [settings[which]]: value,
})

/** SQLite reports the last two for a file that it cannot make or lengthen. */
const full = /disk is full|unable to open database file|disk I\/O error/

describe.skipIf(!mayMount)(
  'a start without space on the disk is refused in one sentence (needs the right to mount)',
  () => {
    it.each<[Which, string]>([
      ['data', 'nr_inodes=1'],
      ['data', 'nr_inodes=2'],
      ['data', 'nr_inodes=3'],
      ['data', 'size=4k'],
      ['data', 'size=16k'],
      ['data', 'size=64k'],
      ['data', 'size=256k'],
      ['keys', 'nr_inodes=1'],
      ['keys', 'nr_inodes=2'],
      ['keys', 'nr_inodes=4'],
      ['keys', 'size=4k'],
      ['keys', 'size=8k'],
    ])('%s directory, %s', (which, options) => {
      const at = mkdtempSync(join(directory, 'case-'))
      const small = join(at, 'small')
      expect(mount(small, options)).toBe(true)
      onTestFinished(() => void unmount(small))
      expectOneSentence(start(placed(at, which, small)), settings[which], full)
      // nothing half-made that the next start would take for a key
      if (which === 'keys') expect(readdirSync(small).filter((name) => /^\.|\.next$/.test(name))).toEqual([])
    })

    it('a log on a full disk', () => {
      const at = mkdtempSync(join(directory, 'case-'))
      const small = join(at, 'small')
      expect(mount(small, 'size=4k')).toBe(true)
      onTestFinished(() => void unmount(small))
      writeFileSync(join(small, 'log'), 'x'.repeat(4096))
      const log = openSync(join(small, 'log'), 'a')
      const refused = start(placed(at, 'data', join(at, 'data')), log)
      closeSync(log)
      expectOneSentence(refused, 'Standard output', full)
    })

    it.each<Which>(['data', 'keys'])('a %s directory that is read-only', (which) => {
      const at = mkdtempSync(join(directory, 'case-'))
      const small = join(at, 'small')
      expect(mount(small, 'ro')).toBe(true)
      onTestFinished(() => void unmount(small))
      expectOneSentence(start(placed(at, which, small)), settings[which], /read-only/)
    })
  },
)

describe('a start is refused in one sentence', () => {
  it.each<Which>(['data', 'keys'])('a %s directory that is a file', (which) => {
    const at = mkdtempSync(join(directory, 'case-'))
    writeFileSync(join(at, 'file'), '')
    expectOneSentence(start(placed(at, which, join(at, 'file'))), settings[which], /another kind|below a file/)
  })

  it.each<Which>(['data', 'keys'])('a %s directory that is a link to nothing', (which) => {
    const at = mkdtempSync(join(directory, 'case-'))
    symlinkSync(join(at, 'nowhere'), join(at, 'link'))
    expectOneSentence(start(placed(at, which, join(at, 'link'))), settings[which], /another kind|does not exist/)
  })
})
