import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { afterFile } from './after-file.ts'

/** A directory for this test, removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A directory for all tests of this file, removed after them. */
export function directoryOfFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-test-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A clock that only the test moves. */
export function handClock(start = Date.UTC(2026, 10, 23)) {
  let now = start
  return { clock: () => now, forward: (ms: number) => (now += ms) }
}
