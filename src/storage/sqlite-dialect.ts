import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { createSharedFsync, type SharedFsync } from './shared-fsync.ts'
import { openSqlite } from './sqlite.ts'

/** State of the current user of the connection. */
interface Held {
  /** Has written, or may have written. */
  wrote: boolean
  /** Does not wait for the disk. */
  light: boolean
}

const statementsKept = 500
const writesNothing = /^\s*(?:select|pragma|begin|commit|rollback)\b/i

/** Adapts node:sqlite to Kysely, with statements prepared once. */
function kyselyShape(sqlite: DatabaseSync, held: Held): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>()
  const shape = (statement: StatementSync, text: string, writes = !writesNothing.test(text)): SqliteStatement => ({
    reader: statement.columns().length > 0,
    all(parameters) {
      held.wrote ||= writes
      return statement.all(...(parameters as string[]))
    },
    run(parameters) {
      // SQLite has rolled back itself, as on a full disk: a second error would hide the first
      if (text === 'rollback' && !sqlite.isTransaction) return { changes: 0, lastInsertRowid: 0 }
      held.wrote ||= writes
      return statement.run(...(parameters as string[]))
    },
    iterate: (parameters) => statement.iterate(...(parameters as string[])),
  })
  return {
    close: () => sqlite.close(),
    prepare(text) {
      const known = prepared.get(text)
      if (known) return known
      // Each transaction writes. Taking the lock at once avoids a failed upgrade after another process wrote.
      const statement = shape(sqlite.prepare(text === 'begin' ? 'begin immediate' : text), text)
      if (prepared.size < statementsKept) prepared.set(text, statement)
      return statement
    },
  }
}

/** Users take turns with the connection. A writer waits for the disk after its turn, while the next one works. */
class DurableDriver extends SqliteDriver {
  readonly #held: Held
  readonly #log: SharedFsync
  #last: Promise<void> = Promise.resolve()
  #giveBack: () => void = () => undefined

  constructor(database: SqliteDatabase, held: Held, log: SharedFsync) {
    super({ database })
    this.#held = held
    this.#log = log
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    this.#giveBack = resolve
    return super.acquireConnection()
  }

  override async releaseConnection(): Promise<void> {
    const { wrote, light } = this.#held
    Object.assign(this.#held, { wrote: false, light: false })
    this.#giveBack()
    if (wrote && !light) await this.#log.flush()
  }

  override async destroy(): Promise<void> {
    await this.#log.close()
    await super.destroy()
  }
}

export class DurableSqliteAdapter extends SqliteAdapter {
  readonly #held: Held

  constructor(held: Held) {
    super()
    this.#held = held
  }

  /** SQLite rolls schema changes back: a migration is whole or absent, and two processes do not run it twice. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }

  /** The driver shares the only connection. Kysely alone would keep it until the disk has answered. */
  override get supportsMultipleConnections(): boolean {
    return true
  }

  /** The user of the connection does not wait for the disk when returning it. */
  light(): void {
    this.#held.light = true
  }
}

/**
 * The embedded durable store for Kysely. A write is on disk when its promise settles, as with `synchronous = FULL`.
 * But the thread pool waits for the disk, once for all commits of that time. Neither readers nor writers are blocked.
 * Readers may see a write that a power cut takes back before its promise settled. The promise rejects when the disk
 * fails.
 */
export function durableSqlite(file: string): Dialect {
  const held: Held = { wrote: false, light: false }
  const database = kyselyShape(openSqlite(file), held)
  const log = createSharedFsync(`${file}-wal`)
  return {
    createDriver: () => new DurableDriver(database, held, log),
    createAdapter: () => new DurableSqliteAdapter(held),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (within) => new SqliteIntrospector(within),
  }
}
