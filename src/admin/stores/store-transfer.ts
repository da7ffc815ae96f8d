import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../config/clock.ts'
import { everyArtifact } from '../../storage/artifacts-sqlite.ts'
import { copyStore, CopyRefused, mustBeEmpty, type Content } from '../../storage/copy.ts'
import {
  isPostgresUrl,
  migrate,
  migrationNames,
  migrationsLeft,
  openDatabase,
  versionOf,
  type Database,
  type DatabaseTransaction,
} from '../../storage/database.ts'
import { makeOwnedFile } from '../../storage/ownership.ts'
import { mayBeStore } from '../../storage/sqlite.ts'
import { noteBackup } from '../../storage/store-facts.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'
import { makeBackup, removeSqlite } from './backup-file.ts'

type Progress = (done: number, total: number) => void

/** The SQLite file of a store, which is given as a file or as the directory of embedded stores. */
function fileOf(store: string): string {
  return existsSync(store) && statSync(store).isDirectory() ? databaseFile({ dataDir: store }) : store
}

/**
 * Copies a SQLite file at one moment, also while other processes write to it. Only the owner can read the copy.
 * @param alone refuses a file that another process has open: the copy would miss its later writes
 */
function snapshot(file: string, copy: string, { alone = false } = {}): void {
  if (!existsSync(file)) throw new CopyRefused(`${file} does not exist`)
  if (!mayBeStore(file)) throw new CopyRefused(`${file} is no store`)
  const sqlite = new DatabaseSync(file, { readOnly: !alone, timeout: alone ? 0 : 5000 })
  try {
    if (alone) lockAlone(sqlite, file)
    // SQLite accepts an empty file as a new one
    makeOwnedFile(copy)
    sqlite.prepare('VACUUM INTO ?').run(copy)
  } finally {
    sqlite.close()
  }
}

function lockAlone(sqlite: DatabaseSync, file: string): void {
  try {
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
  } catch {
    throw new CopyRefused(`${file} is in use: stop the server first`)
  }
}

async function withDatabase<T>(address: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(address)
  try {
    return await use(database)
  } finally {
    await database.destroy()
  }
}

/**
 * Opens a store to read it. A file is copied first: the copy can be migrated, and the store stays unchanged.
 * @param store `postgres://…`, the directory of embedded stores, or one SQLite file
 */
export async function withSource<T>(
  store: string,
  how: { alone: boolean },
  use: (database: Database) => Promise<T>,
): Promise<T> {
  if (isPostgresUrl(store)) {
    return withDatabase(store, async (database) => {
      if ((await versionOf(database)) === 'older')
        throw new CopyRefused('the store is of an older version: use that version, or "yideng migrate" first')
      return use(database)
    })
  }
  const file = fileOf(store)
  const copy = `${file}.${randomUUID()}`
  try {
    snapshot(file, copy, how)
    return await withDatabase(copy, async (database) => {
      await migrate(database)
      return use(database)
    })
  } finally {
    removeSqlite(copy)
  }
}

/**
 * The migrations that a store needs. A file is copied first, because SQLite writes when it opens one.
 * @throws CopyRefused for a file that is no store
 */
export async function pendingOf(store: string): ReturnType<typeof migrationsLeft> {
  if (isPostgresUrl(store)) return withDatabase(store, migrationsLeft)
  const file = fileOf(store)
  if (!existsSync(file)) return { pending: migrationNames, newer: [] }
  const copy = `${file}.${randomUUID()}`
  try {
    snapshot(file, copy)
    return await withDatabase(copy, migrationsLeft)
  } finally {
    removeSqlite(copy)
  }
}

/**
 * Copies a durable store into an empty one.
 * @throws CopyRefused
 */
export function transfer(
  from: string,
  to: string,
  how: {
    /** Refuses a file that is in use. */
    alone: boolean
    /** Runs after the checks and before the copy. */
    first?: (source: Database) => Promise<void>
    /** Changes the copy, in the transaction that fills it. */
    after?: (target: DatabaseTransaction) => Promise<void>
    progress?: Progress
  } = { alone: false },
): Promise<Record<string, Content>> {
  return withSource(from, how, async (source) => {
    if ((await versionOf(source)) === 'newer')
      throw new CopyRefused('the store was written by a newer version: use that version')
    const file = isPostgresUrl(to) ? to : fileOf(to)
    if (!isPostgresUrl(to) && !mayBeStore(file)) throw new CopyRefused(`${file} is no store`)
    return withDatabase(file, async (target) => {
      await migrate(target)
      await mustBeEmpty(target)
      await how.first?.(source)
      return copyStore(source, target, { after: how.after, progress: how.progress })
    })
  })
}

/**
 * Writes the durable store of one moment into a new SQLite file, while servers run.
 * @throws CopyRefused
 */
export function backUp(from: string, file: string, progress: Progress): Promise<Record<string, Content> | undefined> {
  return makeBackup(file, (partial) => {
    if (isPostgresUrl(from)) return transfer(from, partial, { alone: false, progress })
    snapshot(fileOf(from), partial)
    return undefined
  })
}

/** Notes in a store that a backup of it was made, for the metrics. @throws Error where the store cannot be written */
export const noteBackupOf = (store: string, at: number): Promise<void> =>
  withDatabase(isPostgresUrl(store) ? store : fileOf(store), (database) => noteBackup(database, at))

/** Copies sessions, codes and tokens of an embedded store into Redis, and reads each one back. Returns their number. */
export async function transferArtifacts(directory: string, redisUrls: string, clock: Clock): Promise<number> {
  const file = artifactsFile({ dataDir: directory })
  if (!existsSync(file)) return 0
  const { openRedisArtifacts } = await import('../../storage/artifacts-redis.ts')
  const redis = await openRedisArtifacts(redisUrls, clock, () => undefined)
  try {
    let moved = 0
    for (const { kind, id, value, expiresAt, alias, group } of everyArtifact(file, clock())) {
      const ttl = Math.max(1, Math.ceil((expiresAt - clock()) / 1000))
      await redis.put(kind, id, value, { ttl, alias: alias ?? undefined, group: group ?? undefined })
      if ((await redis.get(kind, id)) !== value) throw new CopyRefused(`the artifact ${kind} differs in Redis`)
      moved += 1
    }
    return moved
  } finally {
    await redis.close()
  }
}
