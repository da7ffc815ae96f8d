import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { declared, type DeclaredKey } from '../login-methods.ts'
import type { Database } from '../storage/database.ts'

const kinds = [
  'new-device',
  'authenticator-added',
  'authenticator-removed',
  'recovery-codes-made',
  'account-recovered',
  'method-locked',
  'method-unlocked',
  'account-closing',
  'account-kept',
  'number-lost',
  'number-won',
  'mandate-accepted',
  'mandate-ended',
  'mandate-suspended',
  'mandate-rests',
  'opened-in-your-name',
  'number-claimed',
  'number-claim-waits',
  'number-claim-ended',
] as const

export type NoticeKind = (typeof kinds)[number] | DeclaredKey<'notices'>

/** Every notice about an account's safety, each with its words under `notices.<kind>`. */
export const noticeKinds: readonly NoticeKind[] = [
  ...kinds,
  ...(Object.keys(declared('notices')) as DeclaredKey<'notices'>[]),
]

export interface NewNotice {
  personId: string
  kind: NoticeKind
  /** No personal data here: words are made from it when it is read. */
  details?: Record<string, string>
  /** Network address and browser; sealed. */
  restricted?: Record<string, string> | undefined
}

/** How people are told of what concerns their account's safety. The embedded one is the account centre's inbox. */
export interface Notifier {
  /** With a transaction: told exactly if the change is kept. */
  notify(notice: NewNotice, within?: Database): Promise<void>
}

export interface Notice {
  id: string
  kind: string
  details: Record<string, string>
  restricted: Record<string, string>
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  read: boolean
}

export interface Inbox extends Notifier {
  /** Newest first. */
  list(personId: string, limit: number, offset?: number): Promise<Notice[]>
  unread(personId: string): Promise<number>
  /** Marks as read what had come by then, so that nothing unseen is marked. */
  readUntil(personId: string, at: number): Promise<void>
}

const texts = z.record(z.string(), z.string())
const aad = (id: string) => `notices.restricted:${id}`

export function createInbox(options: { database: Database; cipher: FieldCipher; clock: Clock }): Inbox {
  const { database, cipher, clock } = options
  return {
    async notify({ personId, kind, details = {}, restricted }, within = database) {
      const id = randomUUID()
      const sealed = restricted ? cipher.seal(JSON.stringify(restricted), aad(id)) : null
      await within
        .insertInto('notices')
        .values({
          id,
          person_id: personId,
          kind,
          details: JSON.stringify(details),
          restricted: sealed,
          created_at: clock(),
          read_at: null,
        })
        .execute()
    },
    async list(personId, limit, offset = 0) {
      const rows = await database
        .selectFrom('notices')
        .selectAll()
        .where('person_id', '=', personId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(limit)
        .offset(offset)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        kind: row.kind,
        details: texts.parse(JSON.parse(row.details)),
        restricted: row.restricted ? texts.parse(JSON.parse(cipher.open(row.restricted, aad(row.id)))) : {},
        createdAt: row.created_at,
        read: row.read_at !== null,
      }))
    },
    async unread(personId) {
      const { count } = await database
        .selectFrom('notices')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('person_id', '=', personId)
        .where('read_at', 'is', null)
        .executeTakeFirstOrThrow()
      return count
    },
    async readUntil(personId, at) {
      await database
        .updateTable('notices')
        .set({ read_at: clock() })
        .where('person_id', '=', personId)
        .where('created_at', '<=', at)
        .where('read_at', 'is', null)
        .execute()
    },
  }
}
