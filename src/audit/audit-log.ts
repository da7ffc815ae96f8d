import { CompiledQuery, sql } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import {
  compileOnce,
  isPostgres,
  lightTransaction,
  type Database,
  type DatabaseTransaction,
} from '../storage/database.ts'
import { whenQuiet } from '../storage/gather.ts'
import { askAndWrite } from '../storage/postgres.ts'
import { beforeTheFirst, hashOf, restrictedAad, type Anchor as Head, type Entry } from './chain.ts'
import type { AuditEvent } from './events.ts'
import type { Sums } from './sums.ts'

/** The append-only record of what happened; each entry holds the hash of the one before. */
export interface AuditLog {
  /** Appends within the transaction that makes the change, so that neither is ever kept without the other. */
  append(transaction: DatabaseTransaction, event: AuditEvent): Promise<void>
  /**
   * Appends an act that changes nothing in the durable store: a sign-in, a portal entered. Settles when the entry survives
   * `kill -9`; a power cut may take the last moment of it, as it does of the sessions and tokens it is about. What strangers
   * do again and again becomes a sum (sums.ts), where the server keeps sums.
   */
  record(event: AuditEvent): Promise<void>
  /** Appends the sums of strangers' acts whose time is over, or all of them at the end. Those of a failed write are tried again. */
  writeSums(all?: boolean): Promise<void>
  /** What is recorded about a person, newest first, for that person to read. */
  ofPerson(personId: string, query: HistoryQuery): Promise<PastEvent[]>
  /** When each portal was last given a code for a person, and for which scopes. */
  lastEntered(personId: string): Promise<{ clientId: string; at: number; scopes: string[] }[]>
}

export interface HistoryQuery {
  events: readonly string[]
  limit: number
  offset?: number
  /** Without the codes this portal was given: the account centre is one of our own. */
  notEntered?: string
}

export interface PastEvent {
  /** Its place in the trail; the receipt is asked for by it. */
  sequence: number
  /** Milliseconds since 1970 UTC. */
  at: number
  event: string
  actor: string
  clientId: string | undefined
  details: Record<string, unknown>
  restricted: Record<string, string>
}

const enteredSchema = z.object({ scopes: z.array(z.string()).optional() })
const detailsSchema = z.record(z.string(), z.unknown())
const restrictedSchema = z.record(z.string(), z.string())

/** The longest an entry waits for others to share its commit. */
const gatherMs = 10
/** And for the commit before its own: of two at once one would only wait for the other, with a connection in its hand. */
const patienceMs = 1000
const mostInserted = 32
/** Sums that wait for a store that is away. */
const mostUnwritten = 1000

/** The columns of an entry in the order they are written. */
const blankEntry: Omit<Entry, 'hash'> = {
  sequence: 0,
  at: 0,
  event: '',
  actor: '',
  person_id: '',
  client_id: '',
  details: '',
  restricted: '',
  previous_hash: '',
}

/** Settles when this has, or when the time is over. */
function within(ms: number, done: Promise<unknown>): Promise<unknown> {
  let late: NodeJS.Timeout | undefined
  const over = new Promise((resolve) => {
    late = setTimeout(resolve, ms)
  })
  return Promise.race([done, over]).finally(() => clearTimeout(late))
}

export function createAuditLog(options: {
  database: Database
  cipher: FieldCipher
  clock: Clock
  /** Told of each event, to count it. */
  seen?: ((event: AuditEvent) => void) | undefined
  /** A server's; a command line has nothing to do with strangers. */
  sums?: Sums | undefined
}): AuditLog {
  const { database, cipher, clock, seen, sums } = options
  /** Each act in them has been told of when it happened. */
  const sumEntries = new WeakSet<AuditEvent>()
  let unwritten: AuditEvent[] = []
  let gathered: AuditEvent[] = []
  let written: Promise<void> | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  const newest = isPostgres(database)
    ? sql<Head>`select sequence, hash from audit_head`
    : sql<Head>`select sequence, hash from audit_events order by sequence desc limit 1`
  const headText = newest.compile(database).sql
  const readHead = compileOnce<Head>({ compile: () => newest.compile(database) })

  /** One statement for each number of entries. */
  const inserts: string[] = []
  const insertOf = (count: number) => {
    inserts[count] ??= database
      .insertInto('audit_events')
      .values(Array.from({ length: count }, () => ({ ...blankEntry, hash: '' })))
      .compile().sql
    return inserts[count]
  }

  /** What appends these after the head. */
  function appending(head: Head | undefined, events: AuditEvent[]): CompiledQuery[] {
    let sequence = head?.sequence ?? 0
    let previous = head?.hash ?? beforeTheFirst
    const rows: unknown[][] = []
    for (const event of events) {
      if (!sumEntries.has(event)) seen?.(event)
      sequence += 1
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
        previous_hash: previous,
      }
      previous = hashOf(entry)
      rows.push([...Object.values(entry), previous])
    }
    const statements: CompiledQuery[] = []
    for (let from = 0; from < rows.length; from += mostInserted) {
      const together = rows.slice(from, from + mostInserted)
      statements.push(CompiledQuery.raw(insertOf(together.length), together.flat()))
    }
    return statements
  }

  async function appendAll(transaction: DatabaseTransaction, events: AuditEvent[]) {
    const [head] = await readHead(transaction, [])
    for (const statement of appending(head, events)) await transaction.executeQuery(statement)
  }

  async function writeGathered() {
    await new Promise<void>((resolve) => whenQuiet(gatherMs, resolve))
    await within(patienceMs, underWay)
    const events = gathered
    gathered = []
    written = undefined
    const writing = isPostgres(database)
      ? askAndWrite<Head>(database, headText, ([head]) => appending(head, events))
      : lightTransaction(database, (transaction) => appendAll(transaction, events))
    underWay = writing.catch(() => undefined)
    await writing
  }

  function gather(...events: AuditEvent[]): Promise<void> {
    gathered.push(...events)
    written ??= writeGathered()
    return written
  }

  return {
    append: (transaction, event) => appendAll(transaction, [event]),
    record(event) {
      if (sums?.takes(event)) {
        seen?.(event)
        return Promise.resolve()
      }
      return gather(event)
    },
    async writeSums(all = false) {
      const due = [...unwritten, ...(sums?.due(all) ?? [])].slice(-mostUnwritten)
      if (due.length === 0) return
      for (const event of due) sumEntries.add(event)
      unwritten = due
      await gather(...due)
      unwritten = []
    },
    async ofPerson(personId, { events, limit, offset = 0, notEntered = '' }) {
      const rows = await database
        .selectFrom('audit_events')
        .selectAll()
        .where('person_id', '=', personId)
        .where('event', 'in', events)
        .where((where) =>
          where.or([
            where('event', '<>', 'portal.entered'),
            where('client_id', 'is', null),
            where('client_id', '<>', notEntered),
          ]),
        )
        .orderBy('at', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit)
        .offset(offset)
        .execute()
      return rows.map(({ sequence, at, event, actor, client_id: entered, details, restricted }) => ({
        sequence,
        at,
        event,
        actor,
        clientId: entered ?? undefined,
        details: detailsSchema.parse(JSON.parse(details)),
        restricted: restricted
          ? restrictedSchema.parse(JSON.parse(cipher.open(restricted, restrictedAad(sequence))))
          : {},
      }))
    },
    async lastEntered(personId) {
      const last = database
        .selectFrom('audit_events')
        .select(({ fn }) => fn.max('sequence').as('sequence'))
        .where('person_id', '=', personId)
        .where('event', '=', 'portal.entered')
        .groupBy('client_id')
      const rows = await database
        .selectFrom('audit_events')
        .select(['client_id', 'at', 'details'])
        .where('sequence', 'in', last)
        .execute()
      return rows.flatMap(({ client_id: clientId, at, details }) => {
        const { scopes = [] } = enteredSchema.parse(JSON.parse(details))
        return clientId === null ? [] : [{ clientId, at, scopes }]
      })
    },
  }
}
