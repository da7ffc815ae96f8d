import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * Copies the write-ahead logs of these SQLite files back in a thread of their own. The copy ends with waiting for the
 * disk (fsync): on the thread that answers requests everybody would wait with it. Returns what ends the thread.
 */
export function keepCheckpointing(files: string[], failed: (error: unknown) => void): () => Promise<void> {
  const thread = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData: files })
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
