import { z } from 'zod'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import { inOwnTurn } from '../storage/turns.ts'
import type { Actor } from './natural-persons.ts'

const schema = z.object({
  scopes: z.array(z.string()),
  claims: z.array(z.string()),
  /** Resource indicator (RFC 8707) → scopes there. */
  resources: z.record(z.string(), z.array(z.string())),
})

/** Scopes and claims that a person agreed to give to a portal. */
export type Granted = z.infer<typeof schema>

export interface Consent {
  clientId: string
  granted: Granted
  /** Milliseconds since 1970 UTC. */
  givenAt: number
}

/** The consents of people, by portal. */
export interface Consents {
  find(personId: string, clientId: string): Promise<Granted | undefined>
  list(personId: string): Promise<Consent[]>
  /** Versions of the privacy notice that the person agreed to; times in milliseconds since 1970 UTC. */
  privacyNotices(personId: string): Promise<{ version: string; givenAt: number }[]>
  /** Adds to the earlier consent. */
  give(personId: string, clientId: string, granted: Granted, by: Actor): Promise<void>
  /** Withdraws the whole consent and returns it; undefined when there was none. The caller revokes the grants (src/sessions/sessions.ts). */
  withdraw(personId: string, clientId: string, by: Actor): Promise<Granted | undefined>
  /** The last withdrawal of each portal, as far as the audit log in the store goes back; milliseconds since 1970 UTC. */
  withdrawn(personId: string): Promise<ReadonlyMap<string, number>>
}

const union = (one: readonly string[] = [], other: readonly string[] = []) => [...new Set([...one, ...other])]

/** The scopes of both, by resource. */
export function mergeResources(one: Granted['resources'], other: Granted['resources']): Granted['resources'] {
  const merged = { ...one }
  for (const [resource, scopes] of Object.entries(other)) merged[resource] = union(merged[resource], scopes)
  return merged
}

export function createConsents(options: { database: Database; audit: AuditLog; clock: Clock }): Consents {
  const { database, audit, clock } = options

  const findIn = async (within: Database, personId: string, clientId: string) => {
    const row = await within
      .selectFrom('consents')
      .select('granted')
      .where('person_id', '=', personId)
      .where('client_id', '=', clientId)
      .executeTakeFirst()
    return row && schema.parse(JSON.parse(row.granted))
  }

  return {
    async list(personId) {
      const rows = await database.selectFrom('consents').selectAll().where('person_id', '=', personId).execute()
      return rows.map((row) => ({
        clientId: row.client_id,
        granted: schema.parse(JSON.parse(row.granted)),
        givenAt: row.given_at,
      }))
    },
    async privacyNotices(personId) {
      const rows = await database.selectFrom('notice_consents').selectAll().where('person_id', '=', personId).execute()
      return rows.map((row) => ({ version: row.notice_version, givenAt: row.given_at }))
    },
    withdraw: (personId, clientId, by) =>
      inOwnTurn(database, [personId], async (transaction) => {
        const row = await transaction
          .deleteFrom('consents')
          .where('person_id', '=', personId)
          .where('client_id', '=', clientId)
          .returning('granted')
          .executeTakeFirst()
        if (!row) return undefined
        await audit.append(transaction, { event: 'consent.withdrawn', ...by, personId, clientId })
        return schema.parse(JSON.parse(row.granted))
      }),
    async withdrawn(personId) {
      const rows = await database
        .selectFrom('audit_events')
        .select(({ fn }) => ['client_id', fn.max('at').as('at')])
        .where('person_id', '=', personId)
        .where('event', '=', 'consent.withdrawn')
        .groupBy('client_id')
        .execute()
      return new Map(rows.flatMap(({ client_id: clientId, at }) => (clientId === null ? [] : [[clientId, at]])))
    },
    find: (personId, clientId) => findIn(database, personId, clientId),
    give: (personId, clientId, granted, by) =>
      inOwnTurn(database, [personId], async (transaction) => {
        const before = await findIn(transaction, personId, clientId)
        const resources = mergeResources(before?.resources ?? {}, granted.resources)
        const now = clock()
        const text = JSON.stringify({
          scopes: union(before?.scopes, granted.scopes),
          claims: union(before?.claims, granted.claims),
          resources,
        } satisfies Granted)
        await transaction
          .insertInto('consents')
          .values({ person_id: personId, client_id: clientId, granted: text, given_at: now })
          .onConflict((conflict) =>
            conflict.columns(['person_id', 'client_id']).doUpdateSet({ granted: text, given_at: now }),
          )
          .execute()
        const details = { scopes: granted.scopes, claims: granted.claims, resources: Object.keys(granted.resources) }
        await audit.append(transaction, { event: 'consent.given', ...by, personId, clientId, details })
      }),
  }
}
