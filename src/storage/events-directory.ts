import { readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenTransport } from './event-transport.ts'
import { makeOwnedDirectory } from './ownership.ts'

/**
 * The transport of one machine: a directory beside the embedded stores. A text is the name of an empty file, which is
 * created and removed at once. The kernel reports it to all processes that watch the directory (inotify). It reaches
 * servers and command lines without a broker. A process that may write there may write the stores as well.
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
          // no process has listened here yet
          if (!receiver && (error as NodeJS.ErrnoException).code === 'ENOENT') return
          throw error
        }
        rmSync(file, { force: true })
      },
      close: () => watcher?.close(),
    }
  }

function watched(directory: string, heard: (text: string) => void) {
  makeOwnedDirectory(directory)
  // left by a process that died between creation and removal
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { force: true })
  return watch(directory, { persistent: false }, (_change, name) => {
    if (name !== null) heard(name)
  })
}
