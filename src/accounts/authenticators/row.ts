import type { Selectable } from 'kysely'
import { macOf } from '../../keys/row-guard.ts'
import type { RowSeal } from '../../keys/row-seal.ts'
import type { Tables } from '../../storage/schema.ts'

export type AuthenticatorRow = Selectable<Tables['authenticators']>

/** Something a person signs in with: one table for every login method. `data` is JSON in the method's own format. */
export interface Authenticator {
  id: string
  personId: string
  kind: string
  lookupKey: string | null
  data: string
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  lastUsedAt: number | null
  /** Start of the hold by a recovery, in milliseconds since 1970 UTC; null where it may be used. */
  heldAt: number | null
}

export const fromRow = (row: AuthenticatorRow): Authenticator => ({
  id: row.id,
  personId: row.person_id,
  kind: row.kind,
  lookupKey: row.lookup_key,
  data: row.data,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  heldAt: row.held_at,
})

/** The sealed row of an authenticator that was never used. */
export function newRow(
  seal: RowSeal,
  given: Pick<Authenticator, 'id' | 'personId' | 'kind' | 'data' | 'createdAt'> & { lookupKey?: string | undefined },
): AuthenticatorRow {
  const row = {
    id: given.id,
    person_id: given.personId,
    kind: given.kind,
    lookup_key: given.lookupKey ?? null,
    data: given.data,
    created_at: given.createdAt,
    last_used_at: null,
    held_at: null,
  }
  return { ...row, mac: macOf(seal, 'authenticators', row) }
}
