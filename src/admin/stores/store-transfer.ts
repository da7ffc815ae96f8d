import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../config/clock.ts'
import { everyArtifact } from '../../storage/artifacts-sqlite.ts'
import { copyStore, CopyRefused, type Content } from '../../storage/copy.ts'
import { isPostgresUrl, migrate, openDatabase, type Database } from '../../storage/database.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'

export { CopyRefused }

/** A store as one address: `postgres://…`, the directory of embedded stores, or one SQLite file. */
function fileOf(where: string): string {
  return existsSync(where) && statSync(where).isDirectory() ? databaseFile({ dataDir: where }) : where
}

/** Copies a SQLite file as it is at this moment, whoever writes to it; the copy is private to its owner. */
function snapshot(file: string, copy: string): void {
  if (existsSync(copy)) throw new CopyRefused(`${copy} is there already`)
  const sqlite = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    sqlite.prepare('VACUUM INTO ?').run(copy)
  } finally {
    sqlite.close()
  }
  chmodSync(copy, 0o600)
}

async function withDatabase<T>(where: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(where)
  try {
    await migrate(database)
    return await use(database)
  } finally {
    await database.destroy()
  }
}

/** Reads a store through a copy of its own where it is a file, so that older ones can be brought up to date. */
async function withSource<T>(where: string, use: (database: Database) => Promise<T>): Promise<T> {
  if (isPostgresUrl(where)) return withDatabase(where, use)
  const file = fileOf(where)
  if (!existsSync(file)) throw new CopyRefused(`${file} is not there`)
  const copy = `${file}.${randomUUID()}`
  try {
    snapshot(file, copy)
    return await withDatabase(copy, use)
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true })
  }
}

/**
 * Copies a durable store into an empty one.
 * @throws CopyRefused
 */
export function transfer(from: string, to: string): Promise<Record<string, Content>> {
  return withSource(from, (source) =>
    withDatabase(isPostgresUrl(to) ? to : fileOf(to), (target) => copyStore(source, target)),
  )
}

/**
 * Writes the durable store into one new SQLite file, as it is at one moment, while servers run.
 * @throws CopyRefused
 */
export async function backUp(from: string, file: string): Promise<Record<string, Content> | undefined> {
  if (existsSync(file)) throw new CopyRefused(`${file} is there already`)
  if (isPostgresUrl(from)) return transfer(from, file)
  if (!existsSync(fileOf(from))) throw new CopyRefused(`${fileOf(from)} is not there`)
  snapshot(fileOf(from), file)
  return undefined
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
