import { randomBytes } from 'node:crypto'
import { CompiledQuery, sql } from 'kysely'
import type { Artifacts } from './artifacts.ts'
import { isPostgres, lightTransaction, type Database } from './database.ts'

/** Milliseconds for which an answer counts. So a flood of questions costs one write a second. */
const countsMs = 1000
const ttlSeconds = 10

/** Changes nothing, and is refused wherever a sign-in could not be stored: read only, no space, no disk. */
const touch = sql`update house set value = value where key = (select min(key) from house)`

/** One message. It takes no writer's turn (postgres.ts) and waits for no disk. */
const touchPostgres = CompiledQuery.raw(
  'begin; set local synchronous_commit = off; ' +
    'update house set value = value where key = (select min(key) from house); commit',
)

async function writeDurable(database: Database): Promise<void> {
  if (!isPostgres(database)) return lightTransaction(database, async (within) => void (await touch.execute(within)))
  // a failed statement leaves a transaction open, and then the pool closes the connection
  await database.executeQuery(touchPostgres)
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
