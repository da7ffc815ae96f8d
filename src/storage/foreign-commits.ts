import { openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** The head of the write-ahead log's index, which every commit of anybody writes anew (SQLite, WAL-mode file format 2.1). */
const headBytes = 48

/**
 * Tells whether another connection has committed to this file since it was asked last. `data_version` says so, but asking for
 * it opens a transaction, eight times as long as looking whether anybody at all has committed: that is looked at first. The
 * head is read before the version is asked for, so a commit in between shows in one of them.
 */
export function watchCommits(sqlite: DatabaseSync): () => boolean {
  const version = sqlite.prepare('PRAGMA data_version')
  let known = version.get()?.['data_version']
  // never closed: to close a file ends every lock that SQLite holds on it in this process (fcntl(2))
  const index = openSync(`${sqlite.location()}-shm`, 'r')
  const seen = Buffer.alloc(headBytes)
  const now = Buffer.alloc(headBytes)
  return () => {
    readSync(index, now, 0, headBytes, 0)
    if (now.equals(seen)) return false
    now.copy(seen)
    const before = known
    known = version.get()?.['data_version']
    return known !== before
  }
}
