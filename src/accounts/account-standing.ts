import type { Database, DatabaseTransaction } from '../storage/database.ts'
import * as store from './mandates/store.ts'
import type { Notifier } from './notices.ts'

/** The columns that decide whether mandates and organisations may depend on an account. */
export interface AccountState {
  status: 'active' | 'locked' | 'closed'
  identity_level: number
  /** Milliseconds since 1970 UTC. */
  held_until: number | null
}

/**
 * Whether mandates and organisations may depend on this account now: active, real name (level 3), and not held. A held account
 * was recovered a short time ago, perhaps by another person.
 */
export const isInGoodStanding = ({ status, identity_level, held_until }: AccountState, now: number) =>
  status === 'active' && identity_level >= 3 && (held_until === null || held_until <= now)

/** Those of these people whose account is not in good standing now; one that does not exist has none. */
export async function notInGoodStanding(
  within: Database,
  personIds: readonly (string | null)[],
  now: number,
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(personIds.filter((id) => id !== null))]
  if (ids.length === 0) return new Set()
  const rows = await within
    .selectFrom('natural_persons')
    .select(['id', 'status', 'identity_level', 'held_until'])
    .where('id', 'in', ids)
    .execute()
  const good = new Set(rows.filter((row) => isInGoodStanding(row, now)).map(({ id }) => id))
  return new Set(ids.filter((id) => !good.has(id)))
}

/**
 * Call it in the transaction in which an account loses its standing. Portals check their grants again; holders of mandates that
 * depend on the account are notified.
 * @returns ids of principals, to publish after the commit (topic `principal`)
 */
export async function standingLost(
  transaction: DatabaseTransaction,
  notifier: Notifier,
  personId: string,
  now: number,
): Promise<string[]> {
  const owned = await transaction.selectFrom('legal_persons').select('id').where('owner_id', '=', personId).execute()
  const own = [personId, ...owned.map(({ id }) => id)]
  const active = () => transaction.selectFrom('mandates').where('state', '=', 'active').where('expires_at', '>', now)
  const held = await active().select(['id', 'principal_id']).where('person_id', '=', personId).execute()
  const heldIds = held.map(({ id }) => id)
  const dependent = await active()
    .select(['person_id', 'principal_id'])
    .where((where) =>
      where.or([where('principal_id', 'in', own), ...(heldIds.length > 0 ? [where('parent_id', 'in', heldIds)] : [])]),
    )
    .execute()
  const recipients = new Set(dependent.flatMap(({ person_id: id }) => (id === null || id === personId ? [] : [id])))
  for (const id of recipients) await notifier.notify({ personId: id, kind: 'mandate-rests' }, transaction)
  const principals = new Set([...own, ...held.map((row) => row.principal_id)])
  for (const id of principals) await store.scheduleGrantCheck(transaction, id, now)
  return [...principals]
}
