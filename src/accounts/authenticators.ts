import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { isSealed, macOf } from '../keys/row-guard.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import { loginMethods } from '../login-methods.ts'
import type { Database } from '../storage/database.ts'
import { fromRow, newRow, type Authenticator, type AuthenticatorRow } from './authenticators/row.ts'

export type { Authenticator } from './authenticators/row.ts'

/** An authenticator as its login method makes it, for an account that may not exist yet. */
export interface NewAuthenticator {
  /** A new UUID, where the data is sealed under it. */
  id?: string
  kind: string
  /** A login finds it by this key, unique in its kind; none where the login finds the person first. */
  lookupKey?: string
  data: string
}

/**
 * `within`: a transaction, so that a change is stored together with its audit entry and notice. A row with a wrong seal
 * (src/keys/row-seal.ts) is ignored.
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
  /** Holds it from `at`, or releases it with null; false when it is no longer what the caller read. */
  hold(authenticator: Authenticator, at: number | null, within: Database): Promise<boolean>
  used(authenticator: Authenticator): Promise<void>
  /** Replaces the data by a use: `used` and `replaceData` in one statement; false as there. */
  replaceByUse(authenticator: Authenticator, data: string): Promise<boolean>
  /** Only an authenticator of this person; false when there is none. */
  remove(personId: string, id: string, within?: Database): Promise<boolean>
  /** All of one kind that a person has; returns how many. */
  removeAll(personId: string, kind: string, within?: Database): Promise<number>
  /** Whether the settings still have the vendor or CA that it is of; true for one of the person alone. */
  hasOrigin(authenticator: Pick<Authenticator, 'kind' | 'data'>): boolean
}

export interface AuthenticatorsDeps {
  database: Database
  seal: RowSeal
  /** From this time every row must be sealed, in ms since 1970 UTC; undefined while rows of older versions are being sealed. */
  sealedFrom(): number | undefined
  /** Vendors and CAs that the settings have, by the name of their login method. */
  origins: Readonly<Record<string, () => readonly string[]>>
  /** Called for each ignored row: the store was changed by another program. */
  unsealed: (row: { id: string; kind: string }) => void
  clock: Clock
}

const originFields = new Map<string, string>(
  loginMethods.flatMap((method) => ('origin' in method ? [[method.name, method.origin]] : [])),
)
const fields = z.record(z.string(), z.unknown())

export function createAuthenticators(deps: AuthenticatorsDeps): Authenticators {
  const { database, clock } = deps
  const list: Authenticators['list'] = (personId, kind, within = database) => listSealed(deps, within, personId, kind)
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
      return row && isUsable(deps, row) ? fromRow(row) : undefined
    },
    add: (authenticator, within = database) => add(deps, within, authenticator),
    replaceData: (authenticator, data, within = database) => update(deps, within, authenticator, { data }),
    replaceByUse: (authenticator, data) => update(deps, database, authenticator, { data }, { last_used_at: clock() }),
    hold: (authenticator, at, within) => update(deps, within, authenticator, { held_at: at }),
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
    hasOrigin({ kind, data }) {
      const field = originFields.get(kind)
      if (field === undefined) return true
      const { [field]: origin } = fields.parse(JSON.parse(data))
      return typeof origin === 'string' && (deps.origins[kind]?.() ?? []).includes(origin)
    },
  }
}

/** Whether a row may be used: it is sealed, or written before seals were required. */
function isUsable({ seal, sealedFrom, unsealed, clock }: AuthenticatorsDeps, row: AuthenticatorRow): boolean {
  if (isSealed(seal, 'authenticators', row)) return true
  const from = sealedFrom()
  if (from === undefined || clock() < from) return true
  unsealed({ id: row.id, kind: row.kind })
  return false
}

async function listSealed(
  deps: AuthenticatorsDeps,
  within: Database,
  personId: string,
  kind: string | undefined,
): Promise<Authenticator[]> {
  const rows = await within
    .selectFrom('authenticators')
    .selectAll()
    .where('person_id', '=', personId)
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.filter((row) => isUsable(deps, row)).map(fromRow)
}

async function add(
  { seal, clock }: AuthenticatorsDeps,
  within: Database,
  { id = randomUUID(), personId, kind, lookupKey, data }: NewAuthenticator & { personId: string },
): Promise<Authenticator | undefined> {
  const row = newRow(seal, { id, personId, kind, lookupKey, data, createdAt: clock() })
  const added = await within
    .insertInto('authenticators')
    .values(row)
    .onConflict((conflict) => conflict.columns(['kind', 'lookup_key']).doNothing())
    .returningAll()
    .executeTakeFirst()
  return added && fromRow(added)
}

/** By compare-and-set on all columns that can change; seals the row again. */
async function update(
  { seal }: AuthenticatorsDeps,
  within: Database,
  { id, personId, kind, lookupKey, data, createdAt, heldAt }: Authenticator,
  values: { data?: string; held_at?: number | null },
  unsealedValues: { last_used_at?: number } = {},
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
    .set({ ...values, ...unsealedValues, mac: macOf(seal, 'authenticators', { ...before, ...values }) })
    .where('id', '=', id)
    .where('person_id', '=', personId)
    .where('data', '=', data)
    .where('held_at', heldAt === null ? 'is' : '=', heldAt)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
