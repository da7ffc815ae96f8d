import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database } from '../storage/database.ts'

export interface Device {
  /** Keyed fingerprint of the browser's device cookie. */
  key: string
  browser: string
  /** Milliseconds since 1970 UTC. */
  firstSeenAt: number
  lastSeenAt: number
}

/** Browsers people sign in with, told apart by a cookie of their own (src/pages/visit.ts `device`). */
export interface Devices {
  keyOf(cookie: string): string
  find(personId: string, cookie: string): Promise<Device | undefined>
  list(personId: string): Promise<Device[]>
  /** Notes a sign-in: `first` when the person has no device yet, `new` when it is another one than before. */
  seen(sighting: { personId: string; cookie: string; browser: string }): Promise<'first' | 'new' | 'known'>
}

export function createDevices(options: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  clock: Clock
}): Devices {
  const { database, cipher, blindIndex, clock } = options
  const keyOf = (cookie: string) => blindIndex('device', cookie)
  const place = (personId: string, key: string) => `devices.browser:${personId}:${key}`

  const list = async (personId: string) => {
    const rows = await database
      .selectFrom('devices')
      .selectAll()
      .where('person_id', '=', personId)
      .orderBy('last_seen_at', 'desc')
      .execute()
    return rows.map((row) => ({
      key: row.device_key,
      browser: cipher.open(row.browser, place(personId, row.device_key)),
      firstSeenAt: row.first_seen_at,
      lastSeenAt: row.last_seen_at,
    }))
  }

  return {
    keyOf,
    list,
    find: async (personId, cookie) => (await list(personId)).find(({ key }) => key === keyOf(cookie)),
    async seen({ personId, cookie, browser }) {
      const key = keyOf(cookie)
      const known = await list(personId)
      const now = clock()
      const sealed = cipher.seal(browser, place(personId, key))
      await database
        .insertInto('devices')
        .values({ person_id: personId, device_key: key, browser: sealed, first_seen_at: now, last_seen_at: now })
        .onConflict((conflict) =>
          conflict.columns(['person_id', 'device_key']).doUpdateSet({ browser: sealed, last_seen_at: now }),
        )
        .execute()
      if (known.some((device) => device.key === key)) return 'known'
      return known.length === 0 ? 'first' : 'new'
    },
  }
}
