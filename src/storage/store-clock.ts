import { sql } from 'kysely'
import { isPostgres, type Database } from './database.ts'

/** The result of one comparison of this machine's clock with the store's, in milliseconds. */
export interface ClockReading {
  /** By how much this machine is ahead of the store; negative where it is behind. */
  ahead: number
  /** The true value is at most so far away from `ahead`: half of the time between question and answer. */
  within: number
}

/**
 * Compares the clock of this machine with the store's. An embedded store has the clock of its machine. The store read its clock at any
 * time between question and answer, so a slow answer says little (RFC 5905, section 8).
 */
export async function readClock(database: Database, clock: () => number): Promise<ClockReading> {
  if (!isPostgres(database)) return { ahead: 0, within: 0 }
  const asked = clock()
  const { rows } = await sql<{ ms: string }>`select extract(epoch from clock_timestamp()) * 1000 as ms`.execute(
    database,
  )
  const answered = clock()
  return { ahead: (asked + answered) / 2 - Number(rows[0]?.ms), within: Math.abs(answered - asked) / 2 }
}

/** Whether a clock is more than `most` milliseconds away for certain. A slow store makes no clock wrong. */
export const isWrong = ({ ahead, within }: ClockReading, most: number): boolean => Math.abs(ahead) - within > most

/** Whether a wrong clock counts as right again: the most probable value is within `most` milliseconds. */
export const isRight = ({ ahead }: ClockReading, most: number): boolean => Math.abs(ahead) <= most

export function clockSentence(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  return offsetMs > 0
    ? `The clock of this machine is ${seconds} seconds ahead of PostgreSQL's: its server answers nobody.`
    : `The clock of this machine is ${seconds} seconds behind PostgreSQL's: its server answers nobody.`
}
