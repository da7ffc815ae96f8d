import type { Database, DatabaseTransaction } from '../storage/database.ts'
import * as store from './mandates/store.ts'
import type { Notifier } from './notices.ts'

/** What of an account says whether rights of others may rest on it. */
export interface AccountState {
  status: 'active' | 'locked' | 'closed'
  identity_level: number
  /** Milliseconds since 1970 UTC. */
  held_until: number | null
}

/**
 * Whether mandates and organisations may rest on this account now: active, real name (level 3), and not held. A held account was
 * recovered a short while ago, perhaps by somebody else.
 */
export const hasPower = ({ status, identity_level, held_until }: AccountState, now: number) =>
  status === 'active' && identity_level >= 3 && (held_until === null || held_until <= now)

/** Those of these people whose account has no power now; an account that is not there has none. */
export async function withoutPower(
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
  const powerful = new Set(rows.filter((row) => hasPower(row, now)).map(({ id }) => id))
  return new Set(ids.filter((id) => !powerful.has(id)))
}

/**
 * To be called where an account loses its power, in the same transaction: portals are asked to look at their grants again, and
 * whose mandate rests on the account is told.
 * @returns principals to tell the servers of, once it is committed (topic `principal`)
 */
export async function powerEnded(
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
  const resting = await active()
    .select(['person_id', 'principal_id'])
    .where((where) =>
      where.or([where('principal_id', 'in', own), ...(heldIds.length > 0 ? [where('parent_id', 'in', heldIds)] : [])]),
    )
    .execute()
  const told = new Set(resting.flatMap(({ person_id: id }) => (id === null || id === personId ? [] : [id])))
  for (const id of told) await notifier.notify({ personId: id, kind: 'mandate-rests' }, transaction)
  const principals = new Set([...own, ...held.map((row) => row.principal_id)])
  for (const id of principals) await store.scheduleGrantCheck(transaction, id, now)
  return [...principals]
}
