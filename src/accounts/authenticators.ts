import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'

/** Something a person signs in with: one table for every login method. `data` is JSON of the method's own making. */
export interface Authenticator {
  id: string
  personId: string
  data: string
}

export interface Authenticators {
  find(personId: string, kind: string): Promise<Authenticator | undefined>
  /** Replaces the data only if it still is what the caller read. */
  replaceData(authenticator: Authenticator, data: string): Promise<boolean>
  used(authenticator: Authenticator): Promise<void>
}

export function createAuthenticators(options: { database: Database; clock: Clock }): Authenticators {
  const { database, clock } = options
  return {
    async find(personId, kind) {
      const row = await database
        .selectFrom('authenticators')
        .select(['id', 'data'])
        .where('person_id', '=', personId)
        .where('kind', '=', kind)
        .executeTakeFirst()
      return row && { id: row.id, personId, data: row.data }
    },
    async replaceData({ id, data: before }, data) {
      const result = await database
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
  }
}
