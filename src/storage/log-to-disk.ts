import { closeSync, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'

/** Brings what was written to a file to disk, off the thread that answers requests. */
export interface LogToDisk {
  /** Settles once everything written before the call is on disk: those who come together wait for the disk once. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Of a file that is opened when it is first written to. */
export function createLogToDisk(file: string): LogToDisk {
  let descriptor: number | undefined
  let running: Promise<void> | undefined
  /** Begins when the running one has ended: that may have begun before the last was written. */
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
      // whoever waits for one that failed is told of it
      await Promise.allSettled([running, next])
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
