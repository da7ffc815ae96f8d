import { createHash } from 'node:crypto'
import { CompiledQuery } from 'kysely'
import { isPostgres, type Database, type DatabaseTransaction } from './database.ts'
import { ownTurn, turnOfActs } from './postgres.ts'

/** The advisory lock of a key: 64 bits, which PostgreSQL reads as a signed number. */
const lockOf = (key: string) => createHash('sha256').update(key).digest().readBigInt64BE()

/**
 * An act whose reads concern only these keys, such as one person. It waits for acts of a same key, and for those of
 * `database.transaction()`, but not for other persons' (docs/decisions/0257-locks.md). SQLite has one writer.
 * @param keys no personal data: PostgreSQL shows their hashes to each user of the database
 */
export function inOwnTurn<T>(
  database: Database,
  keys: readonly [string, ...string[]],
  work: (transaction: DatabaseTransaction) => Promise<T>,
): Promise<T> {
  if (!isPostgres(database)) return database.transaction().execute(work)
  // one order, so that two acts of the same keys never wait for each other
  const locks = keys.map(lockOf).toSorted((one, other) => (one < other ? -1 : 1))
  const turns = locks.map((_, index) => `pg_advisory_xact_lock($${index + 1}::bigint)`)
  const question = `select pg_advisory_xact_lock_shared(${turnOfActs}), ${turns.join(', ')}`
  const take = CompiledQuery.raw(question, locks.map(String))
  const own = database.transaction().setIsolationLevel(ownTurn)
  return own.execute(async (transaction) => {
    await transaction.executeQuery(take)
    return work(transaction)
  })
}
