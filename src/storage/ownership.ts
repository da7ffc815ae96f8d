import { accessSync, closeSync, constants, fchownSync, lchownSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Files of root that the service's user could not open stop the service. So root gives away what it makes. */
const isRoot = () => process.getuid?.() === 0

/** Gives an open file that this process has made to the owner of its directory. Only root can, and needs to. */
export function giveToOwner(descriptor: number, file: string): void {
  if (!isRoot()) return
  const { uid, gid } = statSync(dirname(resolve(file)))
  fchownSync(descriptor, uid, gid)
}

/**
 * Makes an empty file that only the owner of its directory can read.
 * @throws Error (EEXIST) where something has the name
 */
export function makeOwnedFile(file: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    giveToOwner(descriptor, file)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Makes a directory and those around it, mode 0700; each new one belongs to the owner of the one around it. Not by
 * `recursive` of Node.js, which never ends where the system allows no directory, as in /proc.
 */
export function makeOwnedDirectory(directory: string): void {
  const whole = resolve(directory)
  if (isDirectory(whole)) return
  const around = dirname(whole)
  if (around !== whole) makeOwnedDirectory(around)
  try {
    mkdirSync(whole, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && isDirectory(whole)) return // another process was faster
    throw error
  }
  if (!isRoot()) return
  const { uid, gid } = statSync(around)
  lchownSync(whole, uid, gid)
}

const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/**
 * Makes a directory as above, where needed, and asks whether this process can use it.
 * @throws Error of the system, such as EACCES
 */
export function prepareDirectory(directory: string): void {
  makeOwnedDirectory(directory)
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
}
