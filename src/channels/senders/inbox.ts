import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../config/clock.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { Database } from '../../storage/database.ts'
import type { Receipt, Sender } from './sender.ts'

/** A message for the inbox of an account. */
export interface InboxMessage {
  personId: string
  kind: string
  /** No personal data: the page makes its words from it. */
  details?: Record<string, string>
  /** Network address and browser; sealed. */
  restricted?: Record<string, string> | undefined
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

export interface Inbox extends Sender<InboxMessage> {
  /** With a transaction: the message is there exactly if it commits. */
  send(message: InboxMessage, within?: Database): Promise<Receipt>
  /** Newest first. */
  list(personId: string, limit: number, offset?: number): Promise<Notice[]>
  unread(personId: string): Promise<number>
  /** Marks as read all messages up to this moment (milliseconds since 1970 UTC), so that no unseen one is marked. */
  readUntil(personId: string, at: number): Promise<void>
}

const texts = z.record(z.string(), z.string())
const aad = (id: string) => `notices.restricted:${id}`

export function createInbox(options: { database: Database; cipher: FieldCipher; clock: Clock }): Inbox {
  const { database, cipher, clock } = options
  return {
    async send({ personId, kind, details = {}, restricted }, within = database) {
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
      return { id }
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
