import { flushCompileCache } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { CheckpointWork } from './wal-checkpoints.ts'

const everyMs = 1000

const { files, pages } = workerData as CheckpointWork
const stores = files.map((file) => new DatabaseSync(file, { timeout: 1000 }))

/** So few pages are copied in a moment. */
const few = 100
const tries = 4

/**
 * PASSIVE copies what there is and holds nobody up. RESTART lets the log begin anew, but writers wait for it: so what came
 * during one copy is copied by another, until little is left for it.
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

/** @returns how many pages the log has had when the copy began */
function passive(store: DatabaseSync): number {
  const { log } = store.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  return log
}

const timer = setInterval(() => stores.forEach(checkpoint), everyMs)

// whoever closes a store last copies the log back whole and removes it
parentPort?.once('message', () => {
  clearInterval(timer)
  for (const store of stores) store.close()
})

// by itself it is written when a thread ends, and this one is killed with its server
flushCompileCache()
