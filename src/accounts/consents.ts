import { z } from 'zod'
import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Actor } from './natural-persons.ts'

const schema = z.object({
  scopes: z.array(z.string()),
  claims: z.array(z.string()),
  /** Resource indicator (RFC 8707) → scopes there. */
  resources: z.record(z.string(), z.array(z.string())),
})

/** What a person lets a portal have. */
export type Granted = z.infer<typeof schema>

/** What people agreed to, remembered per portal. */
export interface Consents {
  find(personId: string, clientId: string): Promise<Granted | undefined>
  /** Adds to what was given before. */
  give(personId: string, clientId: string, granted: Granted, by: Actor): Promise<void>
}

const union = (one: readonly string[] = [], other: readonly string[] = []) => [...new Set([...one, ...other])]

export function createConsents(options: { database: Database; audit: AuditTrail; clock: Clock }): Consents {
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
    find: (personId, clientId) => findIn(database, personId, clientId),
    give: (personId, clientId, granted, by) =>
      database.transaction().execute(async (transaction) => {
        const before = await findIn(transaction, personId, clientId)
        const resources = { ...before?.resources }
        for (const [resource, scopes] of Object.entries(granted.resources)) {
          resources[resource] = union(resources[resource], scopes)
        }
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
