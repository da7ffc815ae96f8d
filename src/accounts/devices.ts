import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database } from '../storage/database.ts'

/** Browsers people sign in with, told apart by a cookie of their own (src/pages/visit.ts `device`). */
export interface Devices {
  /** Keyed fingerprint of the browser's device cookie. */
  keyOf(cookie: string): string
  /** When this person first signed in with it, in milliseconds since 1970 UTC. */
  firstSeenAt(personId: string, key: string): Promise<number | undefined>
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

  return {
    keyOf,
    async firstSeenAt(personId, key) {
      const row = await database
        .selectFrom('devices')
        .select('first_seen_at')
        .where('person_id', '=', personId)
        .where('device_key', '=', key)
        .executeTakeFirst()
      return row?.first_seen_at
    },
    async seen({ personId, cookie, browser }) {
      const key = keyOf(cookie)
      const known = await database
        .selectFrom('devices')
        .select('device_key')
        .where('person_id', '=', personId)
        .execute()
      const now = clock()
      const sealed = cipher.seal(browser, place(personId, key))
      await database
        .insertInto('devices')
        .values({ person_id: personId, device_key: key, browser: sealed, first_seen_at: now, last_seen_at: now })
        .onConflict((conflict) =>
          conflict.columns(['person_id', 'device_key']).doUpdateSet({ browser: sealed, last_seen_at: now }),
        )
        .execute()
      if (known.some((device) => device.device_key === key)) return 'known'
      return known.length === 0 ? 'first' : 'new'
    },
  }
}
