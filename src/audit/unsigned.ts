import type { Database } from '../storage/database.ts'
import { startOf } from './chain.ts'
import { lastSigned } from './receipts.ts'

/** The time of the oldest entry that no checkpoint has signed, in milliseconds since 1970 UTC; undefined where all are signed. */
export async function oldestUnsigned(database: Database): Promise<number | undefined> {
  const chains = await database
    .selectFrom('audit_chains')
    .select(['id', 'sequence'])
    .where('signed_by', 'is', null)
    .execute()
  let oldest: number | undefined
  for (const { id, sequence } of chains) {
    const signed = await lastSigned(database, id)
    if (sequence <= signed) continue
    const entry = await database
      .selectFrom('audit_events')
      .select('at')
      .where('sequence', '>', signed)
      .where('sequence', '<', startOf(id + 1).sequence)
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst()
    if (entry) oldest = Math.min(oldest ?? Infinity, entry.at)
  }
  return oldest
}
