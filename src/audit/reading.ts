import type { SelectQueryBuilder } from 'kysely'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import type { Entry } from './chain.ts'

/** Which entries are asked for; times in milliseconds since 1970, `until` not included. */
export interface EntryFilter {
  personId?: string | undefined
  clientId?: string | undefined
  /** About one of these portals; none where it is empty. */
  portals?: readonly string[] | undefined
  /** A whole name (`login.refused`) or its first word (`login`). */
  event?: string | undefined
  since?: number | undefined
  until?: number | undefined
}

type Query = SelectQueryBuilder<Tables, 'audit_events', Entry>

function filtered(query: Query, { personId, clientId, portals, event, since, until }: EntryFilter): Query {
  let asked = query
  if (personId !== undefined) asked = asked.where('person_id', '=', personId)
  if (clientId !== undefined) asked = asked.where('client_id', '=', clientId)
  // no portal has an empty id
  if (portals !== undefined) asked = asked.where('client_id', 'in', portals.length > 0 ? portals : [''])
  // the catalogue knows neither % nor _
  if (event !== undefined)
    asked = asked.where('event', event.includes('.') ? '=' : 'like', event.includes('.') ? event : `${event}.%`)
  if (since !== undefined) asked = asked.where('at', '>=', since)
  if (until !== undefined) asked = asked.where('at', '<', until)
  return asked
}

/** The newest entries first; `before` is the number of the last one of the page before. */
export function newestEntries(
  database: Database,
  filter: EntryFilter,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<Entry[]> {
  let query = filtered(database.selectFrom('audit_events').selectAll(), filter)
  if (before !== undefined) query = query.where('sequence', '<', before)
  return query.orderBy('sequence', 'desc').limit(limit).execute()
}

const pageSize = 2000

/** The entries in their order, page by page, up to the newest at the beginning. */
export async function* entriesInOrder(database: Database, filter: EntryFilter): AsyncGenerator<Entry> {
  let after = 0
  for (;;) {
    const page = await filtered(database.selectFrom('audit_events').selectAll(), filter)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(pageSize)
      .execute()
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)?.sequence ?? after
  }
}
