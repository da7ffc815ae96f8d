import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../config/clock.ts'
import { everyArtifact } from '../../storage/artifacts-sqlite.ts'
import { copyStore, CopyRefused, mustBeEmpty, type Content } from '../../storage/copy.ts'
import {
  isPostgresUrl,
  migrate,
  openDatabase,
  versionOf,
  type Database,
  type DatabaseTransaction,
} from '../../storage/database.ts'
import { mayBeStore } from '../../storage/sqlite.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'
import { makeBackup, removeSqlite } from './backup-file.ts'

export { CopyRefused }

/** A store as one address: `postgres://…`, the directory of embedded stores, or one SQLite file. */
function fileOf(where: string): string {
  return existsSync(where) && statSync(where).isDirectory() ? databaseFile({ dataDir: where }) : where
}

/**
 * Copies a SQLite file as it is at this moment, whoever writes to it; the copy is private to its owner.
 * @param alone nobody else may have it open: what they write would stay behind
 */
function snapshot(file: string, copy: string, { alone = false } = {}): void {
  if (!existsSync(file)) throw new CopyRefused(`${file} is not there`)
  if (!mayBeStore(file)) throw new CopyRefused(`${file} is no store`)
  const sqlite = new DatabaseSync(file, { readOnly: !alone, timeout: alone ? 0 : 5000 })
  try {
    if (alone) lockAlone(sqlite, file)
    // SQLite takes an empty file for one that is to be made
    closeSync(openSync(copy, 'wx', 0o600))
    sqlite.prepare('VACUUM INTO ?').run(copy)
  } finally {
    sqlite.close()
  }
}

function lockAlone(sqlite: DatabaseSync, file: string): void {
  try {
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
  } catch {
    throw new CopyRefused(`${file} is open elsewhere: stop the server first`)
  }
}

async function withDatabase<T>(where: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(where)
  try {
    return await use(database)
  } finally {
    await database.destroy()
  }
}

/**
 * Reads a store through a copy of its own where it is a file, so that older ones can be brought up to date and the store
 * itself stays as it is.
 */
export async function withSource<T>(
  where: string,
  how: { alone: boolean },
  use: (database: Database) => Promise<T>,
): Promise<T> {
  if (isPostgresUrl(where)) {
    return withDatabase(where, async (database) => {
      if ((await versionOf(database)) === 'older')
        throw new CopyRefused('the store is of an older version: use that version, or "yideng migrate" first')
      return use(database)
    })
  }
  const file = fileOf(where)
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
 * Copies a durable store into an empty one.
 * @param how.alone a file must not be in use
 * @param how.first done once nothing speaks against the copy; so whatever is cut off can be begun again
 * @param how.after done to the copy before anybody sees it
 * @throws CopyRefused
 */
export function transfer(
  from: string,
  to: string,
  how: {
    alone: boolean
    first?: (source: Database) => Promise<void>
    after?: (target: DatabaseTransaction) => Promise<void>
  } = { alone: false },
): Promise<Record<string, Content>> {
  return withSource(from, how, async (source) => {
    if ((await versionOf(source)) === 'newer')
      throw new CopyRefused('what is to be copied was written by a newer version: use that one')
    const file = isPostgresUrl(to) ? to : fileOf(to)
    if (!isPostgresUrl(to) && !mayBeStore(file)) throw new CopyRefused(`${file} is no store`)
    return withDatabase(file, async (target) => {
      await migrate(target)
      await mustBeEmpty(target)
      await how.first?.(source)
      return copyStore(source, target, how.after)
    })
  })
}

/**
 * Writes the durable store into one new SQLite file, as it is at one moment, while servers run.
 * @throws CopyRefused
 */
export function backUp(from: string, file: string): Promise<Record<string, Content> | undefined> {
  return makeBackup(file, (partial) => {
    if (isPostgresUrl(from)) return transfer(from, partial)
    snapshot(fileOf(from), partial)
    return undefined
  })
}

/** Sessions, codes and tokens of an embedded store into Redis; returns how many, each read again there. */
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
      if ((await redis.get(kind, id)) !== value) throw new CopyRefused(`the artifact ${kind} arrived otherwise`)
      moved += 1
    }
    return moved
  } finally {
    await redis.close()
  }
}
