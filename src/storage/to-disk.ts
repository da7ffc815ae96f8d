import { closeSync, fsyncSync, openSync } from 'node:fs'

/** After it a power cut takes nothing of a file, or of the names in a directory, back. */
export function toDisk(path: string): void {
  const handle = openSync(path, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
