import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { checkpointPages } from './sqlite.ts'

/** What the thread is told, so that it loads nothing to know it: `pages` of log are left to lie, the rest is copied back. */
export interface CheckpointWork {
  files: string[]
  pages: number
}

/**
 * Copies the write-ahead logs of these SQLite files back in a thread of their own. The copy ends with waiting for the
 * disk (fsync): on the thread that answers requests everybody would wait with it. Returns what ends the thread.
 */
export function keepCheckpointing(files: string[], failed: (error: unknown) => void): () => Promise<void> {
  const workerData: CheckpointWork = { files, pages: checkpointPages }
  const thread = new Worker(new URL('./wal-checkpoint-thread.ts', import.meta.url), { workerData })
  // without it each store still copies its log back by itself, later (database.ts)
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
