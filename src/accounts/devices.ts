import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import type { Actor } from './natural-persons.ts'

export interface Device {
  key: string
  browser: string
  /** Milliseconds since 1970 UTC. */
  firstSeenAt: number
  lastSeenAt: number
}

/** Browsers in which people sign in, identified by a device cookie (src/pages/request-context.ts `device`). */
export interface Devices {
  /** Keyed fingerprint of the browser's device cookie. */
  keyOf(cookie: string): string
  /** Time of the first sign-in of this person in this browser, in milliseconds since 1970 UTC. */
  firstSeenAt(personId: string, key: string): Promise<number | undefined>
  /** Latest seen first. */
  list(personId: string): Promise<Device[]>
  /** The browser as it was; undefined when this person has no such one. */
  forget(personId: string, key: string, by: Actor): Promise<Device | undefined>
  /** Makes a browser that the person has just forgotten known again. */
  restore(personId: string, device: Device, by: Actor): Promise<void>
  /** Records a sign-in. `first`: the person had no device before; `new`: they had other devices only. */
  seen(sighting: { personId: string; cookie: string; browser: string }): Promise<'first' | 'new' | 'known'>
}

export function createDevices(options: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  audit: AuditLog
  clock: Clock
}): Devices {
  const { database, cipher, blindIndex, audit, clock } = options
  const keyOf = (cookie: string) => blindIndex('device', cookie)
  const aad = (personId: string, key: string) => `devices.browser:${personId}:${key}`
  const opened = (row: Selectable<Tables['devices']>): Device => ({
    key: row.device_key,
    browser: cipher.open(row.browser, aad(row.person_id, row.device_key)),
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  })

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
    async list(personId) {
      const rows = await database
        .selectFrom('devices')
        .selectAll()
        .where('person_id', '=', personId)
        .orderBy('last_seen_at', 'desc')
        .execute()
      return rows.map(opened)
    },
    forget: (personId, key, by) =>
      database.transaction().execute(async (transaction) => {
        const row = await transaction
          .deleteFrom('devices')
          .where('person_id', '=', personId)
          .where('device_key', '=', key)
          .returningAll()
          .executeTakeFirst()
        if (!row) return undefined
        await audit.append(transaction, { event: 'person.device-forgotten', ...by, personId })
        return opened(row)
      }),
    restore: (personId, { key, browser, firstSeenAt, lastSeenAt }, by) =>
      database.transaction().execute(async (transaction) => {
        const sealed = cipher.seal(browser, aad(personId, key))
        const times = { first_seen_at: firstSeenAt, last_seen_at: lastSeenAt }
        await transaction
          .insertInto('devices')
          .values({ person_id: personId, device_key: key, browser: sealed, ...times })
          .onConflict((conflict) =>
            conflict.columns(['person_id', 'device_key']).doUpdateSet({ first_seen_at: firstSeenAt }),
          )
          .execute()
        await audit.append(transaction, { event: 'person.device-restored', ...by, personId })
      }),
    async seen({ personId, cookie, browser }) {
      const key = keyOf(cookie)
      const now = clock()
      const sealed = { browser: cipher.seal(browser, aad(personId, key)), last_seen_at: now }
      const { numUpdatedRows: known } = await database
        .updateTable('devices')
        .set(sealed)
        .where('person_id', '=', personId)
        .where('device_key', '=', key)
        .executeTakeFirstOrThrow()
      if (known > 0n) return 'known'
      const other = await database
        .selectFrom('devices')
        .select('device_key')
        .where('person_id', '=', personId)
        .limit(1)
        .executeTakeFirst()
      await database
        .insertInto('devices')
        .values({ person_id: personId, device_key: key, first_seen_at: now, ...sealed })
        .onConflict((conflict) => conflict.columns(['person_id', 'device_key']).doUpdateSet(sealed))
        .execute()
      return other ? 'new' : 'first'
    },
  }
}
