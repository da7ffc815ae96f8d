import { groupsOf, padded } from '../storage/lists.ts'
import type { DatabaseTransaction } from '../storage/database.ts'
import { byUpstream } from '../storage/schema-phone.ts'
import type { Notifier } from './notices.ts'

/** A number that a person has proven at an upstream. */
export interface PastPhoneProof {
  personId: string
  /** E.164. */
  phone: string
  /** Milliseconds since 1970 UTC. */
  at: number
}

interface PastPhoneProofDeps {
  notifier: Notifier
  indexOf(phone: string): string
  /** Proofs after this moment count (ms since 1970 UTC). */
  oldest: number
  now: number
  mostPersons: number
}

/** The persons whose proof of one of these numbers counts, by number. */
async function holdersOf(transaction: DatabaseTransaction, indexes: readonly string[], oldest: number) {
  const rows = await transaction
    .selectFrom('phone_proofs')
    .select(['phone_index', 'person_id'])
    .where('phone_index', 'in', padded(indexes))
    .where('ended_at', 'is', null)
    .where('at', '>', oldest)
    .execute()
  const holders = new Map<string, Set<string>>(indexes.map((index) => [index, new Set()]))
  for (const row of rows) holders.get(row.phone_index)?.add(row.person_id)
  return holders
}

/**
 * Records proofs of accounts that are new in this transaction. A time of the future, or one that counts no longer, proves
 * nothing; so does a number that as many persons have proven as may. Persons who share a number are told.
 * @returns how many were recorded
 */
export async function recordPastProofs(
  { notifier, indexOf, oldest, now, mostPersons }: PastPhoneProofDeps,
  transaction: DatabaseTransaction,
  proofs: readonly PastPhoneProof[],
): Promise<number> {
  const counting = proofs
    .filter(({ at }) => at > oldest && at <= now)
    .map((proof) => ({ ...proof, index: indexOf(proof.phone) }))
  if (counting.length === 0) return 0
  const holders = await holdersOf(
    transaction,
    counting.map(({ index }) => index),
    oldest,
  )
  const told = new Set<string>()
  const rows = counting.flatMap(({ personId, index, at }) => {
    const persons = holders.get(index) ?? new Set()
    if (persons.size >= mostPersons) return []
    for (const one of persons.size > 0 ? [...persons, personId] : []) told.add(one)
    persons.add(personId)
    return [{ person_id: personId, phone_index: index, how: byUpstream, first_at: at, at, ended_at: null }]
  })
  for (const some of groupsOf(rows)) await transaction.insertInto('phone_proofs').values(some).execute()
  for (const personId of told) await notifier.notify({ personId, kind: 'phone-shared' }, transaction)
  return rows.length
}
