import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Pages of write-ahead log (4 KB each) before it restarts (wal-checkpoint-thread.ts). */
export const checkpointPages = 4000
/** Without that thread, a commit copies the log back at this multiple of its length. */
const overdue = 4

/**
 * Missing, empty, or a SQLite file (SQLite's file format, 1.3.1). A foreign file, named by mistake, keeps its rights
 * and content.
 */
export function mayBeStore(file: string): boolean {
  if (!existsSync(file)) return true
  if (!statSync(file).isFile()) return false
  const begins = Buffer.alloc(16)
  const descriptor = openSync(file, 'r')
  try {
    const read = readSync(descriptor, begins)
    return read === 0 || begins.toString('latin1') === 'SQLite format 3\0'
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Opens SQLite for both stores: write-ahead log, private to its owner, with 5 s of wait for another process. A commit
 * survives `kill -9`. The durable store also waits for the disk (sqlite-dialect.ts).
 */
export function openSqlite(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!mayBeStore(file)) throw new Error(`${file} is no store.`)
  const sqlite = new DatabaseSync(file, { timeout: 5000 })
  chmodSync(file, 0o600)
  sqlite.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${overdue * checkpointPages};`)
  return sqlite
}
