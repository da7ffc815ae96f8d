import { mkdirSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenTransport } from './event-transport.ts'

/**
 * The line of one machine: a directory beside the embedded stores. What is said is the name of an empty file that is made
 * and removed at once; the kernel tells whoever watches the directory (inotify). It reaches server processes and command
 * lines alike, has no process in the middle, and whoever may write there may write the stores as well.
 */
export const openDirectoryTransport =
  (directory: string): OpenTransport =>
  async (receiver) => {
    const watcher = receiver && watched(directory, receiver.received)
    watcher?.on('error', receiver?.lost ?? (() => undefined))
    return {
      async send(text) {
        const file = join(directory, text)
        try {
          writeFileSync(file, '', { mode: 0o600 })
        } catch (error) {
          // nobody has ever listened here
          if (!receiver && (error as NodeJS.ErrnoException).code === 'ENOENT') return
          throw error
        }
        rmSync(file, { force: true })
      },
      close: () => watcher?.close(),
    }
  }

function watched(directory: string, heard: (text: string) => void) {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // left behind by who died in the middle of saying it
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { force: true })
  return watch(directory, { persistent: false }, (_change, name) => {
    if (name !== null) heard(name)
  })
}
