import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'

/** Something a person signs in with: one table for every login method. `data` is JSON of the method's own making. */
export interface Authenticator {
  id: string
  personId: string
  kind: string
  data: string
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  lastUsedAt: number | null
}

export interface NewAuthenticator {
  personId: string
  kind: string
  /** What a login finds it by, unique in its kind; none where the person is found first. */
  lookupKey?: string
  data: string
}

/** With `within`, a transaction, a change is kept together with what else it holds: audit entry, notice. */
export interface Authenticators {
  find(personId: string, kind: string): Promise<Authenticator | undefined>
  /** Oldest first; of every kind where none is given. */
  list(personId: string, kind?: string, within?: Database): Promise<Authenticator[]>
  findByLookupKey(kind: string, lookupKey: string): Promise<Authenticator | undefined>
  /** Undefined when there is one with this lookup key already. */
  add(authenticator: NewAuthenticator, within?: Database): Promise<Authenticator | undefined>
  /** Replaces the data only if it still is what the caller read. */
  replaceData(authenticator: Authenticator, data: string, within?: Database): Promise<boolean>
  used(authenticator: Authenticator): Promise<void>
  /** Only one of this person; false when there is none. */
  remove(personId: string, id: string, within?: Database): Promise<boolean>
  /** All of one kind that a person has; returns how many. */
  removeAll(personId: string, kind: string, within?: Database): Promise<number>
}

const fromRow = (row: Selectable<Tables['authenticators']>): Authenticator => ({
  id: row.id,
  personId: row.person_id,
  kind: row.kind,
  data: row.data,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
})

export function createAuthenticators(options: { database: Database; clock: Clock }): Authenticators {
  const { database, clock } = options

  const list: Authenticators['list'] = async (personId, kind, within = database) => {
    const rows = await within
      .selectFrom('authenticators')
      .selectAll()
      .where('person_id', '=', personId)
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map(fromRow)
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
      return row && fromRow(row)
    },
    async add({ personId, kind, lookupKey, data }, within = database) {
      const row = await within
        .insertInto('authenticators')
        .values({
          id: randomUUID(),
          person_id: personId,
          kind,
          lookup_key: lookupKey ?? null,
          data,
          created_at: clock(),
          last_used_at: null,
        })
        .onConflict((conflict) => conflict.columns(['kind', 'lookup_key']).doNothing())
        .returningAll()
        .executeTakeFirst()
      return row && fromRow(row)
    },
    async replaceData({ id, data: before }, data, within = database) {
      const result = await within
        .updateTable('authenticators')
        .set({ data })
        .where('id', '=', id)
        .where('data', '=', before)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },
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
