import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Pages of write-ahead log (4 KB each) after which it begins anew (checkpoint-thread.ts). */
export const checkpointPages = 4000
/** Where no thread does it, a commit copies the log back itself once it is so many times as long. */
const overdue = 4

/**
 * Not there yet, empty, or of SQLite (SQLite's file format, 1.3.1). Somebody else's file, named by mistake, keeps its rights
 * and its content.
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
 * Opens SQLite as both stores use it: write-ahead log, private to its owner, waiting up to 5 s for another process. A commit
 * survives `kill -9`; the durable store waits for the disk besides (sqlite-dialect.ts).
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
