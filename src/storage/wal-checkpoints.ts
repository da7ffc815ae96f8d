import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { checkpointPages } from './sqlite.ts'

/** Data of the thread, so that it loads nothing: `pages` of the log may stay, the rest is copied back. */
export interface CheckpointWork {
  files: string[]
  pages: number
}

/**
 * Copies the write-ahead logs of these SQLite files back, in a thread of its own. A copy ends with a wait for the disk
 * (fsync), which would stop all requests on the main thread. Returns a function that ends the thread.
 */
export function keepCheckpointing(files: string[], failed: (error: unknown) => void): () => Promise<void> {
  const workerData: CheckpointWork = { files, pages: checkpointPages }
  const thread = new Worker(new URL('./wal-checkpoint-thread.ts', import.meta.url), { workerData })
  // without the thread, each store copies its log back itself, later (database.ts)
  thread.on('error', failed)
  thread.unref()
  return async () => {
    if (thread.threadId < 0) return
    const ended = once(thread, 'exit')
    thread.ref()
    thread.postMessage('close', [])
    await ended
  }
}
