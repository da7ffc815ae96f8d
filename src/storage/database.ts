import { CompiledQuery, Kysely, PostgresAdapter, sql, type Compilable, type LogEvent, type Transaction } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { up as first } from './migrations/0001-first.ts'
import { up as accountCentre } from './migrations/0002-account-centre.ts'
import { up as legalPersons } from './migrations/0003-legal-persons.ts'
import { up as recovery } from './migrations/0004-recovery.ts'
import { up as face } from './migrations/0006-face.ts'
import { up as audit } from './migrations/0007-audit.ts'
import { up as sessionEndings } from './migrations/0008-session-endings.ts'
import { refuseOlderWriter } from './oldest-writer.ts'
import { postgresDialect, withoutTimeLimit } from './postgres.ts'
import { up as administrators } from './migrations/0009-administrators.ts'
import { up as auditMonths } from './migrations/0010-audit-months.ts'
import { up as signInEndings } from './migrations/0011-sign-in-endings.ts'
import { up as duties } from './migrations/0014-duties.ts'
import { up as authenticators } from './migrations/0018-authenticators.ts'
import { up as possession } from './migrations/0021-possession.ts'
import { up as counter } from './migrations/0023-counter.ts'
import { up as mergedAccounts } from './migrations/0025-merged-accounts.ts'
import { up as possessionAsked } from './migrations/0024-possession-asked.ts'
import { up as vendorCalls } from './migrations/0024-vendor-calls.ts'
import { up as phoneProofs } from './migrations/0021-phone-proofs.ts'
import { up as upstreamLinks } from './migrations/0026-upstream-links.ts'
import { up as upstreamLinkWays } from './migrations/0027-upstream-link-ways.ts'
import { up as upstreamLinkSeals } from './migrations/0028-upstream-link-seals.ts'
import { up as otpTokens } from './migrations/0029-otp-tokens.ts'
import { up as rowSeals } from './migrations/0031-row-seals.ts'
import { up as auditChains } from './migrations/0032-audit-chains.ts'
import { up as noticesOfPortals } from './migrations/0033-notices-of-portals.ts'
import type { Tables } from './schema.ts'
import { DurableSqliteAdapter, durableSqlite } from './sqlite-dialect.ts'

/** The durable store; a Transaction is one too. */
export type Database = Kysely<Tables>
export type DatabaseTransaction = Transaction<Tables>

/**
 * All migrations in order. Names never change, because the store keeps them. Each only adds, because old and new
 * versions run side by side.
 */
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
  '0011-sign-in-endings': { up: signInEndings },
  '0014-duties': { up: duties },
  '0018-authenticators': { up: authenticators },
  '0021-phone-proofs': { up: phoneProofs },
  '0021-possession': { up: possession },
  '0023-counter': { up: counter },
  '0024-possession-asked': { up: possessionAsked },
  '0024-vendor-calls': { up: vendorCalls },
  '0025-merged-accounts': { up: mergedAccounts },
  '0026-upstream-links': { up: upstreamLinks },
  '0027-upstream-link-ways': { up: upstreamLinkWays },
  '0028-upstream-link-seals': { up: upstreamLinkSeals },
  '0029-otp-tokens': { up: otpTokens },
  '0031-row-seals': { up: rowSeals },
  '0032-audit-chains': { up: auditChains },
  '0033-notices-of-portals': { up: noticesOfPortals },
}

/**
 * Opens the durable store: `postgres://…`, or the file of the embedded one. A commit is on disk when its promise
 * settles.
 */
export function openDatabase(where: string, queried?: Queried): Database {
  const postgres = isPostgresUrl(where)
  const dialect = postgres ? postgresDialect(where) : durableSqlite(where)
  return new Kysely<Tables>({ dialect, ...(queried ? { log: tell(queried, postgres ? 'postgresql' : 'sqlite') } : {}) })
}

/** Called after each statement, without its values. */
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
 * A transaction of the embedded store. It survives `kill -9` at once, but a power cut only after the next full commit.
 * It is for less durable data, such as audit entries of sessions and tokens. `askAndWrite` (postgres.ts) is the same
 * on PostgreSQL.
 */
export function lightTransaction(
  database: Database,
  run: (transaction: DatabaseTransaction) => Promise<void>,
): Promise<void> {
  const { adapter } = database.getExecutor()
  return database.transaction().execute(async (transaction) => {
    if (adapter instanceof DurableSqliteAdapter) adapter.light()
    await run(transaction)
  })
}

/** Runs long reads without a timeout, such as counts in a large store. */
export function unhurried<T>(database: Database, read: (within: Database) => Promise<T>): Promise<T> {
  if (!isPostgres(database)) return read(database)
  const reading = database.transaction().setAccessMode('read only')
  return reading.execute(async (transaction) => {
    await transaction.executeQuery(withoutTimeLimit)
    return read(transaction)
  })
}

/** A query of a hot path, compiled once. New values replace those of its creation, in order. */
export function compileOnce<Row>(query: Compilable<Row>): (within: Database, values: unknown[]) => Promise<Row[]> {
  const { sql: text } = query.compile()
  return async (within, values) => (await within.executeQuery(CompiledQuery.raw(text, values))).rows as Row[]
}

/** Runs a migration without a timeout; all migrations share one transaction. */
const patiently = ({ up }: Migration): Migration => ({
  async up(transaction) {
    if (isPostgres(transaction)) await transaction.executeQuery(withoutTimeLimit)
    await up(transaction)
  },
})

/**
 * Brings the schema up to date; returns the migrations that it ran. Any number of processes may call it at once.
 * Additions of a newer version stay: an older version runs beside it, and may start again, unless the store names it.
 * @throws SettingsError for a store that this version may not write (oldest-writer.ts)
 */
export async function migrate(database: Database): Promise<string[]> {
  const known = Object.fromEntries(Object.entries(migrations).map(([name, one]) => [name, patiently(one)]))
  const last = Object.keys(known).toSorted().at(-1) ?? ''
  const ran = await migrationsRun(database)
  if (ran.length > 0) await refuseOlderWriter(database, migrationNames)
  const newer = ran.filter((name) => name > last)
  const all = { ...known, ...Object.fromEntries(newer.map((name) => [name, { up: async () => undefined }])) }
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => all } })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw new Error('The store could not be migrated', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}

/** Names of all migrations of a store; none for a new one. */
export async function migrationsRun(database: Database): Promise<string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(database)
  return rows.map(({ name }) => name)
}

/** All migrations of this version, in order. */
export const migrationNames = Object.keys(migrations)

/**
 * The migrations that this version would run, and those that only a newer version has.
 * @throws SettingsError for a store that this version may not write (oldest-writer.ts)
 */
export async function migrationsLeft(database: Database): Promise<{ pending: string[]; newer: string[] }> {
  const ran = await migrationsRun(database)
  if (ran.length > 0) await refuseOlderWriter(database, migrationNames)
  return {
    pending: migrationNames.filter((name) => !ran.includes(name)),
    newer: ran.filter((name) => !(name in migrations)),
  }
}

/** Whether a store has exactly the migrations of this version. */
export async function versionOf(database: Database): Promise<'older' | 'this' | 'newer'> {
  const { pending, newer } = await migrationsLeft(database)
  if (newer.length > 0) return 'newer'
  return pending.length > 0 ? 'older' : 'this'
}
