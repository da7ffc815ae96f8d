import { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database } from '../storage/database.ts'
import { restrictedAad } from './chain.ts'

export interface HistoryQuery {
  events: readonly string[]
  limit: number
  offset?: number
  /** Leaves out the codes for this portal. The account centre is a portal of Yideng itself. */
  notEntered?: string
}

export interface PastEvent {
  /** Number in the audit log; a receipt is requested by it. */
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

/** The entries about a person, newest first, with their restricted parts opened. */
export async function pastEvents(
  { database, cipher }: { database: Database; cipher: FieldCipher },
  personId: string,
  { events, limit, offset = 0, notEntered = '' }: HistoryQuery,
): Promise<PastEvent[]> {
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
  return rows.map(({ sequence, at, event, actor, client_id: clientId, details, restricted }) => ({
    sequence,
    at,
    event,
    actor,
    clientId: clientId ?? undefined,
    details: detailsSchema.parse(JSON.parse(details)),
    restricted: restricted ? restrictedSchema.parse(JSON.parse(cipher.open(restricted, restrictedAad(sequence)))) : {},
  }))
}

/** The newest code of each portal for a person: its time and its scopes. */
export async function lastCodes(
  database: Database,
  personId: string,
): Promise<{ clientId: string; at: number; scopes: string[] }[]> {
  const last = database
    .selectFrom('audit_events')
    .select(({ fn }) => ['client_id', fn.max('at').as('at')])
    .where('person_id', '=', personId)
    .where('event', '=', 'portal.entered')
    .groupBy('client_id')
    .as('last')
  const rows = await database
    .selectFrom('audit_events as e')
    .innerJoin(last, (join) => join.onRef('last.client_id', '=', 'e.client_id').onRef('last.at', '=', 'e.at'))
    .select(['e.client_id', 'e.at', 'e.details'])
    .where('e.person_id', '=', personId)
    .where('e.event', '=', 'portal.entered')
    .orderBy('e.sequence')
    .execute()
  // of two codes in one millisecond, one counts
  const newest = new Map(rows.map((row) => [row.client_id, row]))
  return [...newest.values()].flatMap(({ client_id: clientId, at, details }) => {
    const { scopes = [] } = enteredSchema.parse(JSON.parse(details))
    return clientId === null ? [] : [{ clientId, at, scopes }]
  })
}
