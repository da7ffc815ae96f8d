import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'

/** Something a person signs in with: one table for every login method. `data` is JSON of the method's own making. */
export interface Authenticator {
  id: string
  personId: string
  kind: string
  lookupKey: string | null
  data: string
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  lastUsedAt: number | null
  /** Since when a recovery holds it (milliseconds since 1970 UTC); null where it may be used. */
  heldAt: number | null
}

/** An authenticator as its login method makes it, for an account that may not exist yet. */
export interface NewAuthenticator {
  kind: string
  /** What a login finds it by, unique in its kind; none where the person is found first. */
  lookupKey?: string
  data: string
}

/**
 * With `within`, a transaction, a change is kept together with what else it holds: audit entry, notice. A row whose seal does
 * not hold (src/keys/row-seal.ts) is given to nobody, as if it were not there.
 */
export interface Authenticators {
  find(personId: string, kind: string): Promise<Authenticator | undefined>
  /** Oldest first; of every kind where none is given. */
  list(personId: string, kind?: string, within?: Database): Promise<Authenticator[]>
  findByLookupKey(kind: string, lookupKey: string): Promise<Authenticator | undefined>
  /** Undefined when there is one with this lookup key already. */
  add(authenticator: NewAuthenticator & { personId: string }, within?: Database): Promise<Authenticator | undefined>
  /** Replaces the data only if it still is what the caller read. */
  replaceData(authenticator: Authenticator, data: string, within?: Database): Promise<boolean>
  /** Holds it from `at`, or lets it go with null; false when it is no longer what the caller read. */
  hold(authenticator: Authenticator, at: number | null, within: Database): Promise<boolean>
  used(authenticator: Authenticator): Promise<void>
  /** Only one of this person; false when there is none. */
  remove(personId: string, id: string, within?: Database): Promise<boolean>
  /** All of one kind that a person has; returns how many. */
  removeAll(personId: string, kind: string, within?: Database): Promise<number>
}

export type AuthenticatorRow = Selectable<Tables['authenticators']>

const fromRow = (row: AuthenticatorRow): Authenticator => ({
  id: row.id,
  personId: row.person_id,
  kind: row.kind,
  lookupKey: row.lookup_key,
  data: row.data,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  heldAt: row.held_at,
})

/** Where the seal of a row stands (see FieldCipher). */
const macAad = (id: string) => `authenticators.mac:${id}`

type SealedPart = Omit<AuthenticatorRow, 'mac' | 'last_used_at'>

const sealedPart = (row: SealedPart) => [
  row.id,
  row.person_id,
  row.kind,
  row.lookup_key,
  row.data,
  row.created_at,
  row.held_at,
]

/** The seal of an authenticator's row: it says whose it is, of which kind, since when, and what stands in it. */
export const sealOf = (seal: RowSeal, row: SealedPart): string => seal.seal(macAad(row.id), sealedPart(row))

export const isSealed = (seal: RowSeal, row: AuthenticatorRow): boolean =>
  seal.holds(macAad(row.id), sealedPart(row), row.mac)

export function createAuthenticators(options: {
  database: Database
  seal: RowSeal
  /** Since when every row must be sealed, in milliseconds since 1970 UTC; undefined while rows of older versions are sealed. */
  sealedFrom(): number | undefined
  /** Told of a row that is given to nobody: somebody changed the store. */
  unsealed: (row: { id: string; kind: string }) => void
  clock: Clock
}): Authenticators {
  const { database, seal, sealedFrom, unsealed, clock } = options

  function counts(row: AuthenticatorRow): boolean {
    if (isSealed(seal, row)) return true
    const from = sealedFrom()
    if (from === undefined || clock() < from) return true
    unsealed({ id: row.id, kind: row.kind })
    return false
  }

  const list: Authenticators['list'] = async (personId, kind, within = database) => {
    const rows = await within
      .selectFrom('authenticators')
      .selectAll()
      .where('person_id', '=', personId)
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.filter(counts).map(fromRow)
  }

  /** By compare-and-set on all that may change; sealed anew. */
  async function change(
    { id, personId, kind, lookupKey, data, createdAt, heldAt }: Authenticator,
    values: { data?: string; held_at?: number | null },
    within: Database,
  ): Promise<boolean> {
    const before = {
      id,
      person_id: personId,
      kind,
      lookup_key: lookupKey,
      data,
      created_at: createdAt,
      held_at: heldAt,
    }
    const result = await within
      .updateTable('authenticators')
      .set({ ...values, mac: sealOf(seal, { ...before, ...values }) })
      .where('id', '=', id)
      .where('person_id', '=', personId)
      .where('data', '=', data)
      .where('held_at', heldAt === null ? 'is' : '=', heldAt)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  return {
    list,
    find: async (personId, kind) => (await list(personId, kind))[0],
    async findByLookupKey(kind, lookupKey) {
      const row = await database
        .selectFrom('authenticators')
        .selectAll()
        .where('kind', '=', kind)
        .where('lookup_key', '=', lookupKey)
        .executeTakeFirst()
      return row && counts(row) ? fromRow(row) : undefined
    },
    async add({ personId, kind, lookupKey, data }, within = database) {
      const row = {
        id: randomUUID(),
        person_id: personId,
        kind,
        lookup_key: lookupKey ?? null,
        data,
        created_at: clock(),
        last_used_at: null,
        held_at: null,
      }
      const added = await within
        .insertInto('authenticators')
        .values({ ...row, mac: sealOf(seal, row) })
        .onConflict((conflict) => conflict.columns(['kind', 'lookup_key']).doNothing())
        .returningAll()
        .executeTakeFirst()
      return added && fromRow(added)
    },
    replaceData: (authenticator, data, within = database) => change(authenticator, { data }, within),
    hold: (authenticator, at, within) => change(authenticator, { held_at: at }, within),
    async used({ id }) {
      await database.updateTable('authenticators').set({ last_used_at: clock() }).where('id', '=', id).execute()
    },
    async remove(personId, id, within = database) {
      const { numDeletedRows } = await within
        .deleteFrom('authenticators')
        .where('id', '=', id)
        .where('person_id', '=', personId)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },
    async removeAll(personId, kind, within = database) {
      const { numDeletedRows } = await within
        .deleteFrom('authenticators')
        .where('person_id', '=', personId)
        .where('kind', '=', kind)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}
