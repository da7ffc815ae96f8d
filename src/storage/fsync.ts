import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Flushes a file, or the names in a directory: a power cut no longer loses them. */
export function fsyncPath(path: string): void {
  const handle = openSync(path, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
