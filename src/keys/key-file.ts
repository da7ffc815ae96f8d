import {
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { readJson, readText, writeText } from '../config/machine-errors.ts'
import { fsyncPath } from '../storage/fsync.ts'
import { makeOwnedDirectory, makeOwnedFile } from '../storage/ownership.ts'

/** The project's own key directory; its README.md is tracked and explains the files. */
const projectKeys = fileURLToPath(new URL('../../keys/', import.meta.url))

/** Makes the directory for keys, readable by its owner alone, with an explanation beside them. */
function prepareDirectory(directory: string): void {
  makeOwnedDirectory(directory)
  // a clone of the project has this directory already, with the mode of any other
  if (resolve(directory) === resolve(projectKeys)) chmodSync(directory, 0o700)
  const readme = join(directory, 'README.md')
  const explanation = join(projectKeys, 'README.md')
  // a start by root closes the project's directory to the user of a service: that user's keys then have no explanation
  if (existsSync(readme) || !existsSync(explanation)) return
  makeOwnedFile(readme)
  writeText(readme, readText(explanation))
}

/**
 * Reads a JSON key file; the first start makes it with `make`, mode 0600. A crash leaves no incomplete file. Two
 * processes that start together get the same file.
 * @throws UnusableFile for a damaged one
 */
export function keyFile<T>(directory: string, name: string, schema: z.ZodType<T>, make: () => object): T {
  const file = join(directory, name)
  if (!existsSync(file)) {
    prepareDirectory(directory)
    const draft = join(directory, `.${name}.${randomUUID()}`)
    makeOwnedFile(draft)
    try {
      writeText(draft, `${JSON.stringify(make(), null, 2)}\n`)
      linkSync(draft, file)
      chmodSync(file, 0o600)
    } catch (error) {
      if (!existsSync(file)) throw error
    } finally {
      rmSync(draft)
    }
  }
  return readJson(file, schema)
}

/**
 * Changes a key file atomically.
 * @throws Error while another process changes it
 */
export function changeKeyFile(directory: string, name: string, change: (before: unknown) => object): void {
  changeKeyText(directory, name, (before) => `${JSON.stringify(change(JSON.parse(before)), null, 2)}\n`)
}

/** The same for the file's text. */
export function changeKeyText(directory: string, name: string, change: (before: string) => string): void {
  const file = join(directory, name)
  // The draft is also the lock. A crash can leave it behind; then an administrator must decide.
  const draft = join(directory, `.${name}.next`)
  let handle: number
  try {
    handle = openSync(draft, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${file} is being changed by another process; if none is running, remove ${draft}.`, {
      cause: error,
    })
  }
  try {
    writeSync(handle, change(readFileSync(file, 'utf8')))
    // Root must not take the file from the user of the server.
    const { uid, gid } = statSync(file)
    if (process.getuid?.() === 0) fchownSync(handle, uid, gid)
    fsyncSync(handle)
    renameSync(draft, file)
    fsyncPath(directory) // Otherwise a power cut can bring the older file back, without the new key.
  } finally {
    closeSync(handle)
    rmSync(draft, { force: true })
  }
}
