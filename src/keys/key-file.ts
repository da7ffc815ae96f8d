import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toDisk } from '../storage/to-disk.ts'

/** The project's own key directory; its README.md is tracked and explains the files. */
const projectKeys = fileURLToPath(new URL('../../keys/', import.meta.url))

/** Makes the directory for keys, readable by its owner alone, with an explanation beside them. */
function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // a clone of the project has this directory already, with the mode of any other
  if (resolve(directory) === resolve(projectKeys)) chmodSync(directory, 0o700)
  const readme = join(directory, 'README.md')
  if (!existsSync(readme)) copyFileSync(join(projectKeys, 'README.md'), readme)
}

/**
 * Reads a JSON key file, or makes it with `make` at first start: mode 0600, complete or not there at all, and when two
 * processes start at once both end with the same one.
 */
export function keyFile<T>(directory: string, name: string, make: () => T): T {
  const file = join(directory, name)
  if (!existsSync(file)) {
    prepareDirectory(directory)
    const draft = join(directory, `.${name}.${randomUUID()}`)
    writeFileSync(draft, `${JSON.stringify(make(), null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    try {
      linkSync(draft, file)
      chmodSync(file, 0o600)
    } catch (error) {
      if (!existsSync(file)) throw error
    } finally {
      rmSync(draft)
    }
  }
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/**
 * Changes a key file, whole or not at all; one process at a time.
 * @throws Error when another one is at it
 */
export function changeKeyFile(directory: string, name: string, change: (before: unknown) => object): void {
  changeKeyText(directory, name, (before) => `${JSON.stringify(change(JSON.parse(before)), null, 2)}\n`)
}

/** The same for what is taken as it stands. */
export function changeKeyText(directory: string, name: string, change: (before: string) => string): void {
  const file = join(directory, name)
  // the name of the draft is the lock: one left behind by a crash is told, not overwritten
  const draft = join(directory, `.${name}.next`)
  let handle: number
  try {
    handle = openSync(draft, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${file} is being changed by another process; if none is at it, remove ${draft}.`, { cause: error })
  }
  try {
    writeSync(handle, change(readFileSync(file, 'utf8')))
    // root changes the file for the user the server runs as
    const { uid, gid } = statSync(file)
    if (process.getuid?.() === 0) fchownSync(handle, uid, gid)
    fsyncSync(handle)
    renameSync(draft, file)
    toDisk(directory) // else an older file may come back, and what a new key seals is lost with it
  } finally {
    closeSync(handle)
    rmSync(draft, { force: true })
  }
}
