import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from './artifacts.ts'
import { createArtifactCache, type CachedArtifact } from './artifact-cache.ts'
import { openSqlite } from './sqlite.ts'
import { createWriteBatch } from './write-batch.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS artifacts (
    kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL, alias TEXT, grouping TEXT,
    PRIMARY KEY (kind, id)
  );
  CREATE INDEX IF NOT EXISTS artifacts_alias ON artifacts (kind, alias) WHERE alias IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifacts_grouping ON artifacts (kind, grouping) WHERE grouping IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifacts_expiry ON artifacts (expires_at);
`

/** Small, so that no request waits for a sweep. */
const sweepAtOnce = 200
const live = 'kind = ? AND id = ? AND expires_at > ?'
const columns = 'kind, id, value, expires_at AS expiresAt, alias'

const prepareStatements = (sqlite: DatabaseSync) => ({
  get: sqlite.prepare(`SELECT ${columns} FROM artifacts WHERE ${live}`),
  byAlias: sqlite.prepare(`SELECT ${columns} FROM artifacts WHERE kind = ? AND alias = ? AND expires_at > ?`),
  byGroup: sqlite.prepare('SELECT id, value FROM artifacts WHERE kind = ? AND grouping = ? AND expires_at > ?'),
  put: sqlite.prepare(`INSERT INTO artifacts (kind, id, value, expires_at, alias, grouping) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,
      alias = excluded.alias, grouping = excluded.grouping`),
  add: sqlite.prepare(`INSERT INTO artifacts (kind, id, value, expires_at, alias, grouping) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,
      alias = excluded.alias, grouping = excluded.grouping WHERE expires_at <= ?`),
  take: sqlite.prepare(`DELETE FROM artifacts WHERE ${live} RETURNING value`),
  // without expires_at, which would write its index as well
  compareAndSet: sqlite.prepare(`UPDATE artifacts SET value = ? WHERE ${live} AND value = ?`),
  compareAndProlong: sqlite.prepare(`UPDATE artifacts SET value = ?, expires_at = ? WHERE ${live} AND value = ?`),
  increment: sqlite.prepare(`INSERT INTO artifacts (kind, id, value, expires_at) VALUES (?, ?, '1', ?)
      ON CONFLICT (kind, id) DO UPDATE SET
        value = CASE WHEN expires_at > ? THEN CAST(CAST(value AS INTEGER) + 1 AS TEXT) ELSE '1' END,
        expires_at = CASE WHEN expires_at > ? THEN expires_at ELSE excluded.expires_at END
      RETURNING value, expires_at`),
  remove: sqlite.prepare('DELETE FROM artifacts WHERE kind = ? AND id = ?'),
  removeGroup: sqlite.prepare('DELETE FROM artifacts WHERE kind = ? AND grouping = ?'),
  sweep: sqlite.prepare(
    `DELETE FROM artifacts WHERE rowid IN (SELECT rowid FROM artifacts WHERE expires_at <= ? LIMIT ${sweepAtOnce})`,
  ),
})

/**
 * The embedded artifact store. Synchronous NORMAL survives `kill -9`; a power cut may lose the last moment, at most a
 * sign-in. Writes that come close together share a transaction, and settle after its commit.
 * @param committed gets the milliseconds of each commit, with the wait for other processes
 */
export function openSqliteArtifacts(file: string, clock: Clock, committed?: (ms: number) => void): Artifacts {
  const sqlite = openSqlite(file)
  sqlite.exec(schema)
  const cache = createArtifactCache(sqlite)
  const statements = prepareStatements(sqlite)
  const { add: write, flush } = createWriteBatch(sqlite, { committed, rolledBack: cache.clear })

  const one = <Row>(statement: StatementSync, ...parameters: (string | number)[]) =>
    statement.get(...parameters) as Row | undefined

  function read(statement: StatementSync, kind: string, key: string): CachedArtifact | undefined {
    const found = one<CachedArtifact>(statement, kind, key, clock())
    if (found) cache.keep(found)
    return found
  }

  const alive = (artifact: CachedArtifact | undefined) =>
    artifact !== undefined && artifact.expiresAt > clock() ? artifact : undefined

  /** A write after which the artifact has to be read again. */
  const change = <T>(kind: string, id: string, run: () => T) =>
    write(() => {
      cache.drop(kind, id)
      return run()
    })

  return {
    async get(kind, id) {
      return alive(cache.get(kind, id) ?? read(statements.get, kind, id))?.value
    },
    async put(kind, id, value, { ttl, alias = null, group = null }) {
      const expiresAt = clock() + ttl * 1000
      await write(() => {
        statements.put.run(kind, id, value, expiresAt, alias, group)
        cache.keep({ kind, id, value, expiresAt, alias })
      })
    },
    async getByAlias(kind, alias) {
      const found = alive(cache.getByAlias(kind, alias) ?? read(statements.byAlias, kind, alias))
      return found && { id: found.id, value: found.value }
    },
    take: (kind, id) => change(kind, id, () => one<{ value: string }>(statements.take, kind, id, clock())?.value),
    compareAndSet(kind, id, expected, value, ttl) {
      const now = clock()
      const { compareAndSet, compareAndProlong } = statements
      const where = [kind, id, now, expected] as const
      return change(kind, id, () => {
        const { changes } =
          ttl === undefined
            ? compareAndSet.run(value, ...where)
            : compareAndProlong.run(value, now + ttl * 1000, ...where)
        return changes === 1
      })
    },
    add(kind, id, value, { ttl, alias = null, group = null }) {
      const now = clock()
      const expiresAt = now + ttl * 1000
      return change(kind, id, () => {
        const added = statements.add.run(kind, id, value, expiresAt, alias, group, now).changes === 1
        if (added) cache.keep({ kind, id, value, expiresAt, alias })
        return added
      })
    },
    async increment(kind, id, ttl) {
      const now = clock()
      const row = await change(kind, id, () =>
        one<{ value: string; expires_at: number }>(statements.increment, kind, id, now + ttl * 1000, now, now),
      )
      if (!row) throw new Error('the counter was not returned')
      return { count: Number(row.value), expiresAt: row.expires_at }
    },
    async remove(kind, id) {
      await change(kind, id, () => statements.remove.run(kind, id))
    },
    async listGroup(kind, group) {
      return statements.byGroup.all(kind, group, clock()).map((row) => row as { id: string; value: string })
    },
    async removeGroup(kind, group) {
      await write(() => {
        statements.removeGroup.run(kind, group)
        cache.clear()
      })
    },
    async sweep() {
      let swept = 0
      for (;;) {
        const now = await write(() => Number(statements.sweep.run(clock()).changes))
        swept += now
        if (now < sweepAtOnce) return swept
      }
    },
    renew: cache.renew,
    async close() {
      flush()
      sqlite.close()
    },
  }
}

/** Reads the live artifacts of a store, for a copy into another store. */
export function* everyArtifact(file: string, now: number): Generator<CachedArtifact & { group: string | null }> {
  const sqlite = openSqlite(file)
  try {
    const all = `SELECT ${columns}, grouping AS "group" FROM artifacts WHERE expires_at > ?`
    for (const row of sqlite.prepare(all).iterate(now))
      yield row as unknown as CachedArtifact & { group: string | null }
  } finally {
    sqlite.close()
  }
}
