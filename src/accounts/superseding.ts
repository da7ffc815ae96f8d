import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { DatabaseTransaction } from '../storage/database.ts'
import { standingLost } from './account-standing.ts'
import type { LegalPersons } from './legal-persons.ts'
import type { Actor, NaturalPerson } from './natural-persons.ts'
import type { Notifier } from './notices.ts'
import type { EndSignIns } from './sign-in-endings.ts'

/** Removes the proof of a document from accounts, in the transaction that records it for another account. */
export type Supersede = (
  transaction: DatabaseTransaction,
  losers: readonly string[],
  winner: NaturalPerson,
  by: Actor,
) => Promise<{
  /** Ids to publish after the commit (topic `principal`). */
  principals: string[]
}>

export interface SupersedeDeps {
  legalPersons: Pick<LegalPersons, 'leaveWithin'>
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  clock: Clock
}

/**
 * The loser falls to level 2, is signed out and notified. Organisations wait for a new representative, mandates are not in force.
 * The winner is notified of organisations and mandates in their name.
 */
export function createSupersede(deps: SupersedeDeps): Supersede {
  const { legalPersons, notifier, audit, endSignIns, clock } = deps

  /** Number of open mandates that an account gave or holds. */
  async function countMandates(transaction: DatabaseTransaction, personId: string): Promise<number> {
    const rows = await transaction
      .selectFrom('mandates')
      .select('id')
      .where((where) => where.or([where('granted_by', '=', personId), where('person_id', '=', personId)]))
      .where('state', '<>', 'ended')
      .where('expires_at', '>', clock())
      .execute()
    return rows.length
  }

  async function supersedeOne(transaction: DatabaseTransaction, id: string, winner: NaturalPerson, by: Actor) {
    const now = clock()
    await transaction
      .updateTable('natural_persons')
      .set({ identity_level: 2, possession: null, proofed_at: null, face_proofed_at: null, updated_at: now })
      .where('id', '=', id)
      .execute()
    await transaction.deleteFrom('face_bindings').where('person_id', '=', id).execute()
    await endSignIns(transaction, id, { but: [] })
    const mandates = await countMandates(transaction, id)
    const principals = await standingLost(transaction, notifier, id, now)
    const organisations = await legalPersons.leaveWithin(transaction, id)
    const details = { by: winner.id, organisations, mandates }
    await audit.append(transaction, { event: 'person.superseded', ...by, personId: id, details })
    await notifier.notify({ personId: id, kind: 'number-lost' }, transaction)
    if (organisations.length > 0 || mandates > 0) {
      const opened = { organisations: organisations.join(' '), mandates: String(mandates) }
      await notifier.notify({ personId: winner.id, kind: 'opened-in-your-name', details: opened }, transaction)
    }
    return principals
  }

  return async (transaction, losers, winner, by) => {
    const principals = new Set<string>()
    for (const id of losers) {
      for (const principal of await supersedeOne(transaction, id, winner, by)) principals.add(principal)
    }
    if (losers.length > 0) await notifier.notify({ personId: winner.id, kind: 'number-won' }, transaction)
    return { principals: [...principals] }
  }
}
