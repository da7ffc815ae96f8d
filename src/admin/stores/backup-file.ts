import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileSentence } from '../../config/machine-errors.ts'
import { CopyRefused } from '../../storage/copy.ts'
import { fsyncPath } from '../../storage/fsync.ts'

/** A table that only backups have: the hash of the other tables. */
const digestTable = 'backup_digest'

/** SHA-256 over all tables and rows of a SQLite file. */
function digestOf(sqlite: DatabaseSync): string {
  const hash = createHash('sha256')
  const tables = sqlite
    .prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> ? ORDER BY name`)
    .all(digestTable)
  for (const table of tables) {
    hash.update(JSON.stringify(table))
    const name = String(table['name']).replaceAll('"', '""')
    for (const row of sqlite.prepare(`SELECT * FROM "${name}" ORDER BY rowid`).iterate())
      hash.update(JSON.stringify(row))
  }
  return hash.digest('hex')
}

export function removeSqlite(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
}

/**
 * Makes a backup. The file gets its name when it is complete and on disk; before that it is `<name>.partial`.
 * @param fill writes the tables into the new SQLite file `partial`
 * @throws CopyRefused where the file exists
 */
export async function makeBackup<T>(file: string, fill: (partial: string) => T | Promise<T>): Promise<T> {
  if (existsSync(file)) throw new CopyRefused(`${file} exists already`)
  const folder = dirname(resolve(file))
  if (!existsSync(folder)) throw new CopyRefused(`the directory ${folder} does not exist`)
  const partial = `${file}.partial`
  try {
    removeSqlite(partial)
  } catch (error) {
    throw refusedFor(file, partial, error)
  }
  try {
    const filled = await fill(partial)
    const sqlite = new DatabaseSync(partial)
    try {
      sqlite.exec(`PRAGMA journal_mode = DELETE; CREATE TABLE ${digestTable} (sha256 TEXT NOT NULL)`)
      sqlite.prepare(`INSERT INTO ${digestTable} VALUES (?)`).run(digestOf(sqlite))
    } finally {
      sqlite.close()
    }
    fsyncPath(partial)
    renameSync(partial, file)
    fsyncPath(dirname(file))
    return filled
  } catch (error) {
    throw refusedFor(file, partial, error)
  } finally {
    removeSqlite(partial)
  }
}

/** The sentence for an error about `partial`. It names the file that the operator named. */
function refusedFor(file: string, partial: string, error: unknown): unknown {
  const sentence = fileSentence(error)?.replace(partial, () => file)
  return sentence === undefined ? error : new CopyRefused(sentence.slice(0, -1))
}

/** @throws CopyRefused where the file is no backup, or its content changed since */
export function checkBackup(file: string): void {
  if (!existsSync(file)) throw new CopyRefused(`${file} does not exist`)
  let sqlite: DatabaseSync | undefined
  try {
    sqlite = new DatabaseSync(file, { readOnly: true })
    const isBackup = sqlite.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(digestTable)
    if (!isBackup) throw new CopyRefused(`${file} is no backup (a store is copied by "yideng migrate --from")`)
    const written = sqlite.prepare(`SELECT sha256 FROM ${digestTable}`).get()?.['sha256']
    if (written !== digestOf(sqlite)) throw new Error('its content is not the written one')
  } catch (error) {
    if (error instanceof CopyRefused) throw error
    throw new CopyRefused(`${file} is damaged, or no backup: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    sqlite?.close()
  }
}
