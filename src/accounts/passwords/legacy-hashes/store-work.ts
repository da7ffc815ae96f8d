import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { cached } from '../../../storage/cached.ts'
import type { Events } from '../../../storage/events.ts'
import type { Database, DatabaseTransaction } from '../../../storage/database.ts'
import { readFact, replaceFact } from '../../../storage/store-facts.ts'
import { mostWork, type SlowWork } from './compute.ts'

const fact = 'legacy-password-work'
const steps = z.int().min(0).optional()
const schema = z.object({ bcrypt: steps, sha1: steps, sha256: steps, sm3: steps })

/**
 * The slow work that a password check of this store does, for every account and for none: otherwise its time would show an
 * imported account. Undefined where the store has no legacy hash.
 */
export async function readLegacyWork(within: Database): Promise<SlowWork | undefined> {
  const text = await readFact(within, fact)
  return text === undefined ? undefined : (schema.parse(JSON.parse(text)) as SlowWork)
}

/**
 * The same for a server: no check of a password looks into the store. An import tells a raise by an event; without one, a
 * process learns of it within 30 seconds.
 */
export function followLegacyWork(
  database: Database,
  events: Events,
  clock: Clock,
): () => Promise<SlowWork | undefined> {
  const read = cached(() => readLegacyWork(database), { events, topic: 'password-work', all: true }, clock)
  return () => read('')
}

/** Before a legacy hash is stored, in the same transaction. @returns whether the work of each check is another now */
export async function raiseLegacyWork(transaction: DatabaseTransaction, work: SlowWork): Promise<boolean> {
  const before = await readLegacyWork(transaction)
  const after = JSON.stringify(mostWork(before ?? {}, work))
  if (before !== undefined && JSON.stringify(before) === after) return false
  await replaceFact(transaction, fact, after)
  return true
}

/** After the last hash of a kind was replaced; `undefined` where no legacy hash is left. */
export async function setLegacyWork(transaction: DatabaseTransaction, work: SlowWork | undefined): Promise<void> {
  if (work !== undefined) return replaceFact(transaction, fact, JSON.stringify(work))
  await transaction.deleteFrom('house').where('key', '=', fact).execute()
}
