import { randomBytes } from 'node:crypto'
import { CompiledQuery } from 'kysely'
import type { Artifacts } from './artifacts.ts'
import { isPostgres, lightTransaction, type Database } from './database.ts'

/** Milliseconds for which an answer counts. So a flood of questions costs one write a second. */
const countsMs = 1000
const ttlSeconds = 10

/** Changes nothing, and is refused where a sign-in could not be stored: read only, no space, no disk. */
const touch = (database: Database) =>
  database
    .updateTable('house')
    .set(({ ref }) => ({ value: ref('value') }))
    .where('key', '=', ({ selectFrom }) => selectFrom('house').select(({ fn }) => fn.min('key').as('first')))

async function writeDurable(database: Database): Promise<void> {
  if (!isPostgres(database)) return lightTransaction(database, async (within) => void (await touch(within).execute()))
  // one message: it takes no writer's turn (postgres.ts) and waits for no disk; the pool closes a failed connection
  const message = `begin; set local synchronous_commit = off; ${touch(database).compile().sql}; commit`
  await database.executeQuery(CompiledQuery.raw(message))
  return undefined
}

/**
 * Asks what a sign-in needs: both stores take a write now.
 * @returns a check that rejects with the reason of the store that does not
 */
export function createReadyCheck(stores: { database: Database; artifacts: Pick<Artifacts, 'put'> }) {
  const id = randomBytes(6).toString('hex')
  const ask = async () => {
    await Promise.all([writeDurable(stores.database), stores.artifacts.put('ready', id, 'ready', { ttl: ttlSeconds })])
  }
  let answer: { asked: Promise<void>; until: number } | undefined
  return (): Promise<void> => {
    if (answer && performance.now() < answer.until) return answer.asked
    const asked = ask()
    const own = { asked, until: Infinity }
    answer = own
    const settled = () => void (own.until = performance.now() + countsMs)
    asked.then(settled, settled)
    return asked
  }
}
