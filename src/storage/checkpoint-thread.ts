import { flushCompileCache } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { CheckpointWork } from './checkpoints.ts'

const everyMs = 1000

const { files, pages } = workerData as CheckpointWork
const stores = files.map((file) => new DatabaseSync(file, { timeout: 1000 }))

/** PASSIVE copies what it can and holds nobody up; RESTART, for the little that is left, lets the log begin anew. */
function checkpoint(store: DatabaseSync): void {
  const { log } = store.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  if (log > pages) store.exec('PRAGMA wal_checkpoint(RESTART)')
}

const timer = setInterval(() => stores.forEach(checkpoint), everyMs)

// whoever closes a store last copies the log back whole and removes it
parentPort?.once('message', () => {
  clearInterval(timer)
  for (const store of stores) store.close()
})

// by itself it is written when a thread ends, and this one is killed with its server
flushCompileCache()
