import { sql } from 'kysely'
import { isPostgres, type Database } from './database.ts'

/**
 * Milliseconds by which the clock of this machine is ahead of the store's; negative where it is behind. An embedded store has the clock
 * of its machine. The store read its clock between question and answer, so half of the way counts.
 */
export async function clockOffset(database: Database, clock: () => number): Promise<number> {
  if (!isPostgres(database)) return 0
  const asked = clock()
  const { rows } = await sql<{ ms: string }>`select extract(epoch from clock_timestamp()) * 1000 as ms`.execute(
    database,
  )
  return (asked + clock()) / 2 - Number(rows[0]?.ms)
}

export function clockSentence(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  return offsetMs > 0
    ? `The clock of this machine is ${seconds} seconds ahead of PostgreSQL's: its server answers nobody.`
    : `The clock of this machine is ${seconds} seconds behind PostgreSQL's: its server answers nobody.`
}
