import { CompiledQuery, sql } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import {
  compileOnce,
  isPostgres,
  lightTransaction,
  type Database,
  type DatabaseTransaction,
} from '../storage/database.ts'
import { askAndWrite } from '../storage/postgres.ts'
import { hashOf, restrictedAad, startOfChain, type Anchor as Head, type Digest, type Entry } from './chain.ts'
import type { AuditEvent } from './audit-events.ts'

/** Appends entries to the chain in their order. */
export interface EntryAppender {
  within(transaction: DatabaseTransaction, events: readonly AuditEvent[]): Promise<void>
  /** In a transaction of its own. */
  alone(events: readonly AuditEvent[]): Promise<void>
}

interface EntryDeps {
  cipher: FieldCipher
  clock: Clock
  digest: Digest
}

/** Rows of one INSERT statement. */
const mostInserted = 32

/** The columns of an entry in the order of its values. */
const blankEntry: Entry = {
  sequence: 0,
  at: 0,
  event: '',
  actor: '',
  person_id: '',
  client_id: '',
  details: '',
  restricted: '',
  previous_hash: '',
  hash: '',
}

/** The entries that follow the head, each with the hash of the entry before. */
function entriesAfter({ cipher, clock, digest }: EntryDeps, head: Head, events: readonly AuditEvent[]): Entry[] {
  let last = head
  return events.map((event) => {
    const sequence = last.sequence + 1
    const { restricted } = event
    const entry: Omit<Entry, 'hash'> = {
      sequence,
      at: clock(),
      event: event.event,
      actor: event.actor,
      person_id: event.personId ?? null,
      client_id: event.clientId ?? null,
      details: JSON.stringify(event.details ?? {}),
      restricted: restricted ? cipher.seal(JSON.stringify(restricted), restrictedAad(sequence)) : null,
      previous_hash: last.hash,
    }
    last = { sequence, hash: hashOf(entry, digest) }
    return { ...entry, hash: last.hash }
  })
}

export function createEntryAppender(deps: EntryDeps & { database: Database }): EntryAppender {
  const { database } = deps
  const newest = isPostgres(database)
    ? sql<Head>`select sequence, hash from audit_head`
    : sql<Head>`select sequence, hash from audit_events order by sequence desc limit 1`
  const headText = newest.compile(database).sql
  const readHead = compileOnce<Head>({ compile: () => newest.compile(database) })

  /** The INSERT statement by its number of rows; compiling it each time would cost more than running it. */
  const inserts: string[] = []
  const insertOf = (count: number) => {
    inserts[count] ??= database
      .insertInto('audit_events')
      .values(Array.from({ length: count }, () => ({ ...blankEntry })))
      .compile().sql
    return inserts[count]
  }

  function statements([head = startOfChain]: Head[], events: readonly AuditEvent[]) {
    const rows = entriesAfter(deps, head, events).map((entry) => Object.values(entry))
    return Array.from({ length: Math.ceil(rows.length / mostInserted) }, (_, index) => {
      const some = rows.slice(index * mostInserted, (index + 1) * mostInserted)
      return CompiledQuery.raw(insertOf(some.length), some.flat())
    })
  }

  async function within(transaction: DatabaseTransaction, events: readonly AuditEvent[]) {
    const head = await readHead(transaction, [])
    for (const statement of statements(head, events)) await transaction.executeQuery(statement)
  }

  return {
    within,
    alone: (events) =>
      isPostgres(database)
        ? askAndWrite<Head>(database, headText, (head) => statements(head, events))
        : lightTransaction(database, (transaction) => within(transaction, events)),
  }
}
