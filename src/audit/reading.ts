import type { SelectQueryBuilder } from 'kysely'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import type { Entry } from './chain.ts'

/** Times are milliseconds since 1970 UTC; `until` is exclusive. */
export interface EntryFilter {
  personId?: string | undefined
  clientId?: string | undefined
  /** Entries about one of these portals; an empty list matches no entry. */
  portals?: readonly string[] | undefined
  /** A full name (`login.refused`) or its first word (`login`). */
  event?: string | undefined
  since?: number | undefined
  until?: number | undefined
}

type Query = SelectQueryBuilder<Tables, 'audit_events', Entry>

function filtered(query: Query, { personId, clientId, portals, event, since, until }: EntryFilter): Query {
  let narrowed = query
  if (personId !== undefined) narrowed = narrowed.where('person_id', '=', personId)
  if (clientId !== undefined) narrowed = narrowed.where('client_id', '=', clientId)
  // No portal has an empty id, and SQL has no empty list.
  if (portals !== undefined) narrowed = narrowed.where('client_id', 'in', portals.length > 0 ? portals : [''])
  // No event name contains % or _.
  if (event !== undefined)
    narrowed = narrowed.where('event', event.includes('.') ? '=' : 'like', event.includes('.') ? event : `${event}.%`)
  if (since !== undefined) narrowed = narrowed.where('at', '>=', since)
  if (until !== undefined) narrowed = narrowed.where('at', '<', until)
  return narrowed
}

/** The place of an entry among all: by time, then by chain and position. */
export interface Place {
  at: number
  sequence: number
}

/** Only the entries beyond a place. */
export const beyond = <T extends Query>(query: T, side: '<' | '>', { at, sequence }: Place) =>
  query.where((where) =>
    where.or([
      where('at', side === '<' ? '<' : '>', at),
      where.and([where('at', '=', at), where('sequence', side === '<' ? '<' : '>', sequence)]),
    ]),
  )

/** One page of entries, newest first; `before` is the last number of the previous page. */
export async function newestEntries(
  database: Database,
  filter: EntryFilter,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<Entry[]> {
  let query = filtered(database.selectFrom('audit_events').selectAll(), filter)
  if (before !== undefined) {
    const last = await database
      .selectFrom('audit_events')
      .select('at')
      .where('sequence', '=', before)
      .executeTakeFirst()
    // without that entry, numbers are compared: a number beyond the last one begins at the end
    query = last ? beyond(query, '<', { at: last.at, sequence: before }) : query.where('sequence', '<', before)
  }
  return query.orderBy('at', 'desc').orderBy('sequence', 'desc').limit(limit).execute()
}

const pageSize = 2000

/** All entries in one order: by time, then by chain and position. */
export async function* entriesInOrder(database: Database, filter: EntryFilter): AsyncGenerator<Entry> {
  let after: Place = { at: -1, sequence: -1 }
  for (;;) {
    const page = await beyond(filtered(database.selectFrom('audit_events').selectAll(), filter), '>', after)
      .orderBy('at')
      .orderBy('sequence')
      .limit(pageSize)
      .execute()
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1) ?? after
  }
}
