import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterFile } from '../setup/after-file.ts'

const root = new URL('../../', import.meta.url).pathname
const git = (...args: string[]) => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout.trim()

/** The commit before a migration. Undefined without the history. */
export function commitBefore(migration: string): string | undefined {
  const [brought] = git('log', '--diff-filter=A', '--format=%H', '--', `src/storage/migrations/${migration}.ts`).split(
    '\n',
  )
  const before = brought && git('rev-parse', '--verify', '--quiet', `${brought}^`)
  return before || undefined
}

/** Checks out a commit with the present packages. Removed after the tests of the file. */
export function checkOut(commit: string): URL {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-old-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  const files = execFileSync('git', ['-C', root, 'archive', commit], { maxBuffer: 1 << 30 })
  execFileSync('tar', ['-x', '-C', directory], { input: files })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  return pathToFileURL(`${directory}/`)
}
