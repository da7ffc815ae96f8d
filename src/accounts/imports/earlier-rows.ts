import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeOwnDirectory } from './own-directory.ts'

/** Fingerprints of one row, as the lookup index makes them. */
export interface Fingerprints {
  sub: string
  document: string
  name: string
  phone: string
  username: string | undefined
}

/** What the earlier rows of a file said. */
export interface EarlierRows {
  hasSub(sub: string): boolean
  /** The highest level that an accepted row gave this document under this name. */
  levelOf(document: string, name: string): number | undefined
  /** Whether an accepted row has this document, under any name. */
  hasDocument(document: string): boolean
  /** Whether an accepted row has proven this document under another name. */
  isProvenOtherwise(document: string, name: string): boolean
  hasPhone(phone: string): boolean
  hasUsername(username: string): boolean
  noteSub(sub: string): void
  /** The row opens an account, or is linked to one. */
  noteDocument(row: Fingerprints, level: number): void
  /** The row opens an account. */
  noteAccount(row: Fingerprints): void
  /** Takes back what `work` noted, where it fails. */
  atomic<T>(work: () => Promise<T>): Promise<T>
  close(): void
}

const bytesKept = 16
/** Of 256 bits, 128 suffice: two of a thousand million rows collide with a chance below 10^-20. */
const key = (fingerprint: string) =>
  Buffer.from(fingerprint.split('.').at(-1) ?? '', 'base64url').subarray(0, bytesKept)

/**
 * Remembers rows in a file of its own: millions of rows need no memory, and a dry run writes no store.
 * It holds keyed fingerprints only, in a private directory that is removed at the end.
 */
export function openEarlierRows(): EarlierRows {
  const directory = makeOwnDirectory()
  const sqlite = new DatabaseSync(join(directory, 'rows.sqlite'))
  sqlite.exec(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384; PRAGMA locking_mode = EXCLUSIVE;
    CREATE TABLE subs (k BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE phones (k BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE usernames (k BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE documents (k BLOB, name BLOB, level INTEGER, PRIMARY KEY (k, name)) WITHOUT ROWID;`)
  const has = (table: string) => {
    const statement = sqlite.prepare(`SELECT 1 FROM ${table} WHERE k = ?`)
    return (fingerprint: string) => statement.get(key(fingerprint)) !== undefined
  }
  const note = (table: string) => sqlite.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?)`)
  const [noteSub, notePhone, noteUsername] = [note('subs'), note('phones'), note('usernames')]
  const level = sqlite.prepare('SELECT level FROM documents WHERE k = ? AND name = ?')
  const other = sqlite.prepare('SELECT 1 FROM documents WHERE k = ? AND name <> ? AND level >= 3')
  const noteDocument = sqlite.prepare(
    'INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET level = max(level, excluded.level)',
  )
  return {
    hasSub: has('subs'),
    hasPhone: has('phones'),
    hasUsername: has('usernames'),
    hasDocument: has('documents'),
    levelOf: (document, name) => level.get(key(document), key(name))?.['level'] as number | undefined,
    isProvenOtherwise: (document, name) => other.get(key(document), key(name)) !== undefined,
    noteSub: (sub) => void noteSub.run(key(sub)),
    noteDocument: ({ document, name }, given) => void noteDocument.run(key(document), key(name), given),
    noteAccount({ phone, username }) {
      notePhone.run(key(phone))
      if (username !== undefined) noteUsername.run(key(username))
    },
    async atomic(work) {
      sqlite.exec('BEGIN')
      try {
        const result = await work()
        sqlite.exec('COMMIT')
        return result
      } catch (error) {
        sqlite.exec('ROLLBACK')
        throw error
      }
    },
    close() {
      sqlite.close()
      rmSync(directory, { recursive: true })
    },
  }
}
