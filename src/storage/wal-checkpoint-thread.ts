import { flushCompileCache } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { CheckpointWork } from './wal-checkpoints.ts'

const everyMs = 1000

const { files, pages } = workerData as CheckpointWork
const stores = files.map((file) => new DatabaseSync(file, { timeout: 1000 }))

/** This number of pages is copied in a moment. */
const few = 100
const tries = 4

/**
 * PASSIVE copies the log without blocking. RESTART begins the log again, but writers wait for it. So several copies
 * run until little is left for RESTART.
 */
function checkpoint(store: DatabaseSync): void {
  let copied = passive(store)
  if (copied <= pages) return
  for (let left = tries; left > 0; left -= 1) {
    const now = passive(store)
    const came = now - copied
    copied = now
    if (came <= few) break
  }
  store.exec('PRAGMA wal_checkpoint(RESTART)')
}

/** @returns pages in the log when the copy began */
function passive(store: DatabaseSync): number {
  const { log } = store.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  return log
}

const timer = setInterval(() => stores.forEach(checkpoint), everyMs)

// the last process to close a store copies the log back and removes it
parentPort?.once('message', () => {
  clearInterval(timer)
  for (const store of stores) store.close()
})

// Node.js writes it when a thread ends, but this thread is killed with its server
flushCompileCache()
