import { chmodSync, closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UnusableFile } from '../config/machine-errors.ts'
import { makeOwnedDirectory, makeOwnedFile } from './ownership.ts'

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
  makeOwnedDirectory(dirname(file))
  if (!mayBeStore(file)) throw new UnusableFile(file, 'is no store')
  const isNew = !existsSync(file)
  try {
    // SQLite accepts an empty file as a new one, and gives its other files the same owner
    if (isNew) makeOwnedFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process was faster
  }
  try {
    return opened(file)
  } catch (error) {
    throw sqliteError(file, error)
  }
}

function opened(file: string): DatabaseSync {
  const sqlite = new DatabaseSync(file, { timeout: 5000 })
  chmodSync(file, 0o600)
  sqlite.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${overdue * checkpointPages};`)
  return sqlite
}

/** SQLite: no permission, read-only, damaged, cannot open, no database (sqlite.org/rescode.html). */
const unusableCodes = new Set([3, 8, 11, 14, 26])

/** SQLite says what is wrong, but not with which file. */
function sqliteError(file: string, error: unknown): unknown {
  const { errcode, message } = error as { errcode?: unknown; message?: unknown }
  const unusable = typeof errcode === 'number' && unusableCodes.has(errcode & 0xff)
  return unusable ? new UnusableFile(file, `cannot be opened (SQLite: ${String(message)})`, error) : error
}
