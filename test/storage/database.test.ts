import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

it('refuses a foreign file, a directory or a device, and keeps its rights', () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'passwd')
  writeFileSync(file, 'root:x:0:0:root:/root:/bin/bash\n')
  chmodSync(file, 0o644)
  for (const where of [file, directory, '/dev/zero']) {
    const before = statSync(where).mode
    expect(() => openDatabase(where), where).toThrow('is no store')
    expect(statSync(where).mode).toBe(before)
  }
  expect(readFileSync(file, 'utf8')).toContain('root:x:0:0')
})
