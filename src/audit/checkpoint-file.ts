import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { giveToOwner, makeOwnedDirectory } from '../storage/ownership.ts'

/** The newest checkpoint outside the store: it shows when the end of the log was removed. */
export const checkpointFileOf = (dataDir: string) => join(dataDir, 'audit-checkpoint.jws')

export function readCheckpointFile(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

export function writeCheckpointFile(file: string, text: string): void {
  // With PostgreSQL and Redis no store makes the directory.
  makeOwnedDirectory(dirname(file))
  const draft = `${file}.${process.pid}`
  const handle = openSync(draft, 'w', 0o600)
  try {
    giveToOwner(handle, file)
    writeSync(handle, `${text}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}
