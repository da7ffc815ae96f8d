import { closeSync, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'

/** Flushes a file to disk, off the thread that answers requests. */
export interface SharedFsync {
  /** Settles when all earlier writes are on disk. Simultaneous calls share one flush. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Flushes a file that opens with the first write. */
export function createSharedFsync(file: string): SharedFsync {
  let descriptor: number | undefined
  let running: Promise<void> | undefined
  /** Starts after the running flush, which may have begun before the last write. */
  let next: Promise<void> | undefined

  async function sync(): Promise<void> {
    descriptor ??= openSync(file, 'r')
    await promisify(fdatasync)(descriptor)
  }

  function begin(): Promise<void> {
    next = undefined
    const now = sync().finally(() => {
      if (running === now) running = undefined
    })
    running = now
    return now
  }

  return {
    flush() {
      if (!running) return begin()
      next ??= running.then(begin, begin)
      return next
    },
    async close() {
      // each waiting call gets the failure
      await Promise.allSettled([running, next])
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
