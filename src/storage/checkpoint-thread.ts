import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { checkpointPages } from './database.ts'

const everyMs = 1000

const stores = (workerData as string[]).map((file) => new DatabaseSync(file, { timeout: 1000 }))

/** PASSIVE copies what it can and holds nobody up; RESTART, for the little that is left, lets the log begin anew. */
function checkpoint(store: DatabaseSync): void {
  const { log } = store.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }
  if (log > checkpointPages) store.exec('PRAGMA wal_checkpoint(RESTART)')
}

const timer = setInterval(() => stores.forEach(checkpoint), everyMs)

// whoever closes a store last copies the log back whole and removes it
parentPort?.once('message', () => {
  clearInterval(timer)
  for (const store of stores) store.close()
})
