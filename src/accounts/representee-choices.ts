import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import { inOwnTurn } from '../storage/turns.ts'
import type { Actor } from './natural-persons.ts'

/** The last choice of a person at a portal: for whom they act. Null: for themself. */
export interface RepresenteeChoices {
  /** Undefined where there was no choice yet. */
  find(personId: string, clientId: string): Promise<string | null | undefined>
  keep(choice: { personId: string; clientId: string; principalId: string | null }, by: Actor): Promise<void>
}

export function createRepresenteeChoices(options: {
  database: Database
  audit: AuditLog
  clock: Clock
}): RepresenteeChoices {
  const { database, audit, clock } = options
  return {
    async find(personId, clientId) {
      const row = await database
        .selectFrom('representee_choices')
        .select('principal_id')
        .where('person_id', '=', personId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return row && row.principal_id
    },
    keep: ({ personId, clientId, principalId }, by) =>
      inOwnTurn(database, [personId], async (transaction) => {
        const chosen = { principal_id: principalId, chosen_at: clock() }
        await transaction
          .insertInto('representee_choices')
          .values({ person_id: personId, client_id: clientId, ...chosen })
          .onConflict((conflict) => conflict.columns(['person_id', 'client_id']).doUpdateSet(chosen))
          .execute()
        const details = { principal: principalId ?? 'self' }
        await audit.append(transaction, { event: 'representee.chosen', ...by, personId, clientId, details })
      }),
  }
}
