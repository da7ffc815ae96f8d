import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  type Compilable,
  type SqliteDatabase,
  type SqliteStatement,
  type Transaction,
} from 'kysely'
import { Migrator } from 'kysely/migration'
import { up as first } from './migrations/0001-first.ts'
import { up as accountCentre } from './migrations/0002-account-centre.ts'
import { up as legalPersons } from './migrations/0003-legal-persons.ts'
import { up as recovery } from './migrations/0004-recovery.ts'
import { up as face } from './migrations/0006-face.ts'
import { up as audit } from './migrations/0007-audit.ts'
import { up as sessionEndings } from './migrations/0008-session-endings.ts'
import { up as administrators } from './migrations/0009-administrators.ts'
import type { Tables } from './schema.ts'

/** The durable store; a Transaction is one too. */
export type Database = Kysely<Tables>
export type DatabaseTransaction = Transaction<Tables>

/** In order; names are kept in the store, so they never change. Additive: old and new versions run side by side. */
const migrations = {
  '0001-first': { up: first },
  '0002-account-centre': { up: accountCentre },
  '0003-legal-persons': { up: legalPersons },
  '0004-recovery': { up: recovery },
  '0006-face': { up: face },
  '0007-audit': { up: audit },
  '0008-session-endings': { up: sessionEndings },
  '0009-administrators': { up: administrators },
}

const statementsKept = 500
/** Pages of write-ahead log (4 KB each) after which it begins anew (checkpoint-thread.ts). */
export const checkpointPages = 4000
/** Where no thread does it, a commit copies the log back itself once it is so many times as long. */
const overdue = 4

/** Opens SQLite as both stores use it: write-ahead log, private to its owner, waiting up to 5 s for another process. */
export function openSqlite(file: string, synchronous: 'FULL' | 'NORMAL'): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const sqlite = new DatabaseSync(file, { timeout: 5000 })
  chmodSync(file, 0o600)
  sqlite.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = ${overdue * checkpointPages};`)
  return sqlite
}

/** Gives node:sqlite the shape Kysely's SQLite dialect asks for, with statements prepared once. */
function kyselyShape(sqlite: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>()
  const shape = (statement: StatementSync): SqliteStatement => ({
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as string[])),
    run: (parameters) => statement.run(...(parameters as string[])),
    iterate: (parameters) => statement.iterate(...(parameters as string[])),
  })
  return {
    close: () => sqlite.close(),
    prepare(sql) {
      const known = prepared.get(sql)
      if (known) return known
      // Every transaction here writes: taking the lock at once avoids a failed upgrade when another process wrote meanwhile.
      const statement = shape(sqlite.prepare(sql === 'begin' ? 'begin immediate' : sql))
      if (prepared.size < statementsKept) prepared.set(sql, statement)
      return statement
    },
  }
}

/** SQLite does roll back what changes the schema: a migration is whole or not there, and two processes do not run it twice. */
class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return Object.defineProperty(new SqliteAdapter(), 'supportsTransactionalDdl', { value: true })
  }
}

/** Opens the embedded durable store; `FULL`: a commit is on disk when it returns. */
export function openDatabase(file: string): Database {
  const database = kyselyShape(openSqlite(file, 'FULL'))
  return new Kysely<Tables>({ dialect: new TransactionalSqliteDialect({ database }) })
}

/**
 * A transaction that survives `kill -9` at once, but a power cut only with the next full commit: for what is no more
 * durable itself, such as the audit entries of sessions and tokens.
 */
export function lightTransaction(
  database: Database,
  run: (transaction: DatabaseTransaction) => Promise<void>,
): Promise<void> {
  return database.connection().execute(async (connection) => {
    await connection.executeQuery(synchronousNormal)
    try {
      await connection.transaction().execute(run)
    } finally {
      await connection.executeQuery(synchronousFull)
    }
  })
}

const synchronousNormal = CompiledQuery.raw('PRAGMA synchronous = NORMAL')
const synchronousFull = CompiledQuery.raw('PRAGMA synchronous = FULL')

/** A query of a hot path, compiled once: the values it was made with are replaced by those it is run with, in order. */
export function compileOnce<Row>(query: Compilable<Row>): (within: Database, values: unknown[]) => Promise<Row[]> {
  const { sql } = query.compile()
  return async (within, values) => (await within.executeQuery(CompiledQuery.raw(sql, values))).rows as Row[]
}

/** Brings the schema up to date and tells which migrations it ran. Any number of processes may call it at once. */
export async function migrate(database: Database): Promise<string[]> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw new Error('The store could not be migrated', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}
