import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  SqliteAdapter,
  SqliteDialect,
  sql,
  type Compilable,
  type LogEvent,
  type SqliteDatabase,
  type SqliteStatement,
  type Transaction,
} from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { up as first } from './migrations/0001-first.ts'
import { up as accountCentre } from './migrations/0002-account-centre.ts'
import { up as legalPersons } from './migrations/0003-legal-persons.ts'
import { up as recovery } from './migrations/0004-recovery.ts'
import { up as face } from './migrations/0006-face.ts'
import { up as audit } from './migrations/0007-audit.ts'
import { up as sessionEndings } from './migrations/0008-session-endings.ts'
import { postgresDialect, withoutTimeLimit } from './postgres.ts'
import { up as administrators } from './migrations/0009-administrators.ts'
import { up as auditMonths } from './migrations/0010-audit-months.ts'
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
  '0010-audit-months': { up: auditMonths },
}

const statementsKept = 500
/** Pages of write-ahead log (4 KB each) after which it begins anew (checkpoint-thread.ts). */
export const checkpointPages = 4000
/** Where no thread does it, a commit copies the log back itself once it is so many times as long. */
const overdue = 4

/**
 * Not there yet, empty, or of SQLite (SQLite's file format, 1.3.1). Somebody else's file, named by mistake, keeps its rights
 * and its content.
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

/** Opens SQLite as both stores use it: write-ahead log, private to its owner, waiting up to 5 s for another process. */
export function openSqlite(file: string, synchronous: 'FULL' | 'NORMAL'): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!mayBeStore(file)) throw new Error(`${file} is no store.`)
  const sqlite = new DatabaseSync(file, { timeout: 5000 })
  chmodSync(file, 0o600)
  sqlite.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
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
    prepare(text) {
      const known = prepared.get(text)
      if (known) return known
      // Every transaction here writes: taking the lock at once avoids a failed upgrade when another process wrote meanwhile.
      const statement = shape(sqlite.prepare(text === 'begin' ? 'begin immediate' : text))
      if (prepared.size < statementsKept) prepared.set(text, statement)
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

/**
 * Opens the durable store: `postgres://…`, or the file of the embedded one, where `FULL` says that a commit is on disk
 * when it returns.
 */
export function openDatabase(where: string, queried?: Queried): Database {
  const postgres = isPostgresUrl(where)
  const dialect = postgres
    ? postgresDialect(where)
    : new TransactionalSqliteDialect({ database: kyselyShape(openSqlite(where, 'FULL')) })
  return new Kysely<Tables>({ dialect, ...(queried ? { log: tell(queried, postgres ? 'postgresql' : 'sqlite') } : {}) })
}

/** Told of a statement after it ran, without its values. */
export type Queried = (about: {
  system: 'sqlite' | 'postgresql'
  statement: string
  ms: number
  failed: boolean
}) => void

const tell =
  (queried: Queried, system: 'sqlite' | 'postgresql') =>
  ({ level, query, queryDurationMillis: ms }: LogEvent) =>
    queried({ system, statement: query.sql, ms, failed: level === 'error' })

export const isPostgresUrl = (where: string) => /^postgres(ql)?:\/\//.test(where)

export const isPostgres = (database: Database) => database.getExecutor().adapter instanceof PostgresAdapter

/**
 * A transaction that survives `kill -9` of this process at once, but a power cut only with the next full commit, and a
 * crash of PostgreSQL itself only within a second: for what is no more durable itself, such as the audit entries of
 * sessions and tokens.
 */
export function lightTransaction(
  database: Database,
  run: (transaction: DatabaseTransaction) => Promise<void>,
): Promise<void> {
  if (isPostgres(database)) {
    return database.transaction().execute(async (transaction) => {
      await transaction.executeQuery(commitAsynchronous)
      await run(transaction)
    })
  }
  return database.connection().execute(async (connection) => {
    await connection.executeQuery(synchronousNormal)
    try {
      await connection.transaction().execute(run)
    } finally {
      await connection.executeQuery(synchronousFull)
    }
  })
}

const commitAsynchronous = CompiledQuery.raw('set local synchronous_commit = off')
const synchronousNormal = CompiledQuery.raw('PRAGMA synchronous = NORMAL')
const synchronousFull = CompiledQuery.raw('PRAGMA synchronous = FULL')

/** Reads what may take as long as it takes, as counting in a large store does. */
export function unhurried<T>(database: Database, read: (within: Database) => Promise<T>): Promise<T> {
  if (!isPostgres(database)) return read(database)
  const reading = database.transaction().setAccessMode('read only')
  return reading.execute(async (transaction) => {
    await transaction.executeQuery(withoutTimeLimit)
    return read(transaction)
  })
}

/** A query of a hot path, compiled once: the values it was made with are replaced by those it is run with, in order. */
export function compileOnce<Row>(query: Compilable<Row>): (within: Database, values: unknown[]) => Promise<Row[]> {
  const { sql: text } = query.compile()
  return async (within, values) => (await within.executeQuery(CompiledQuery.raw(text, values))).rows as Row[]
}

/** A migration may take as long as it takes; all run in one transaction. */
const patiently = ({ up }: Migration): Migration => ({
  async up(transaction) {
    if (isPostgres(transaction)) await transaction.executeQuery(withoutTimeLimit)
    await up(transaction)
  },
})

/**
 * Brings the schema up to date and tells which migrations it ran. Any number of processes may call it at once. What a newer
 * version has added stays: an older one runs beside it, and may be started again.
 */
export async function migrate(database: Database): Promise<string[]> {
  const known = Object.fromEntries(Object.entries(migrations).map(([name, one]) => [name, patiently(one)]))
  const last = Object.keys(known).toSorted().at(-1) ?? ''
  const newer = (await migrationsRun(database)).filter((name) => name > last)
  const all = { ...known, ...Object.fromEntries(newer.map((name) => [name, { up: async () => undefined }])) }
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => all } })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw new Error('The store could not be migrated', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}

/** The names of all migrations a store has had; none where it is new. */
export async function migrationsRun(database: Database): Promise<string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(database)
  return rows.map(({ name }) => name)
}

/** Whether a store has had the migrations of this version, and none that it does not know. */
export async function versionOf(database: Database): Promise<'older' | 'this' | 'newer'> {
  const ran = await migrationsRun(database)
  if (ran.some((name) => !(name in migrations))) return 'newer'
  return Object.keys(migrations).every((name) => ran.includes(name)) ? 'this' : 'older'
}
