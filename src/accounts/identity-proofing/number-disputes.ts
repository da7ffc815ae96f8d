import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Actor } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'

/** A document number moves from one account to another at `dueAt`. Times in milliseconds since 1970 UTC. */
export interface NumberDispute {
  /** The account that proved the number at a counter. */
  claimantId: string
  /** The account that has the number until then. */
  holderId: string
  askedBy: string
  askedAt: number
  dueAt: number
}

/** Why a dispute ended without a change. */
export type DisputeEnding = 'proved_better' | 'cancelled' | 'holder_changed' | 'claimant_gone'

/** Waiting disputes (durable store). Both accounts are notified of each step, in its transaction. */
export interface NumberDisputes {
  /** Starts the waiting period; an equal dispute that waits already stays as it is. */
  begin(
    transaction: DatabaseTransaction,
    dispute: Pick<NumberDispute, 'claimantId' | 'holderId'>,
    by: Actor,
  ): Promise<NumberDispute>
  /** Disputes by or against this account. */
  of(personId: string, within?: Database): Promise<NumberDispute[]>
  due(): Promise<NumberDispute[]>
  /** By compare-and-set: false where another process carried it out or ended it. */
  take(transaction: DatabaseTransaction, dispute: NumberDispute): Promise<boolean>
  /** Ends the disputes against an account; returns how many. */
  endAgainst(transaction: DatabaseTransaction, holderId: string, ending: DisputeEnding, by: Actor): Promise<number>
  /** Removes the dispute of a claimant who got the number by a better proof; no notice is needed. */
  withdraw(transaction: DatabaseTransaction, claimantId: string): Promise<void>
  /** Audits and notifies that a taken dispute changes nothing. */
  ended(transaction: DatabaseTransaction, dispute: NumberDispute, ending: DisputeEnding, by: Actor): Promise<void>
}

export interface NumberDisputesDeps {
  database: Database
  notifier: Notifier
  audit: AuditLog
  clock: Clock
  /** Time to object for the account that loses the number. */
  waitSeconds: number
}

export function createNumberDisputes(deps: NumberDisputesDeps): NumberDisputes {
  const { database, notifier, audit, clock, waitSeconds } = deps

  const all = (within: Database) =>
    within
      .selectFrom('number_claims')
      .select(['claimant_id as claimantId', 'holder_id as holderId', 'asked_by as askedBy'])
      .select(['asked_at as askedAt', 'due_at as dueAt'])

  const detailsOf = ({ claimantId, holderId, dueAt }: NumberDispute) => ({
    claimant: claimantId,
    holder: holderId,
    dueAt: String(dueAt),
  })

  const disputes: NumberDisputes = {
    async begin(transaction, { claimantId, holderId }, by) {
      const waiting = await all(transaction).where('claimant_id', '=', claimantId).executeTakeFirst()
      if (waiting?.holderId === holderId) return waiting
      if (waiting && (await disputes.take(transaction, waiting))) {
        await disputes.ended(transaction, waiting, 'holder_changed', by)
      }
      const now = clock()
      const dispute = { claimantId, holderId, askedBy: by.actor, askedAt: now, dueAt: now + waitSeconds * 1000 }
      const row = {
        claimant_id: claimantId,
        holder_id: holderId,
        asked_by: by.actor,
        asked_at: now,
        due_at: dispute.dueAt,
      }
      await transaction.insertInto('number_claims').values(row).execute()
      const about = { event: 'number.claimed', ...by, details: detailsOf(dispute) } as const
      for (const personId of [holderId, claimantId]) await audit.append(transaction, { ...about, personId })
      const details = { until: String(dispute.dueAt) }
      await notifier.notify({ personId: holderId, kind: 'number-claimed', details }, transaction)
      await notifier.notify({ personId: claimantId, kind: 'number-claim-waits', details }, transaction)
      return dispute
    },

    of: (personId, within = database) =>
      all(within)
        .where((where) => where.or([where('claimant_id', '=', personId), where('holder_id', '=', personId)]))
        .orderBy('due_at')
        .execute(),

    due: () => all(database).where('due_at', '<=', clock()).orderBy('due_at').limit(50).execute(),

    async take(transaction, { claimantId, holderId, dueAt }) {
      const { numDeletedRows } = await transaction
        .deleteFrom('number_claims')
        .where('claimant_id', '=', claimantId)
        .where('holder_id', '=', holderId)
        .where('due_at', '=', dueAt)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },

    async endAgainst(transaction, holderId, ending, by) {
      let count = 0
      for (const dispute of await all(transaction).where('holder_id', '=', holderId).execute()) {
        if (!(await disputes.take(transaction, dispute))) continue
        await disputes.ended(transaction, dispute, ending, by)
        count += 1
      }
      return count
    },

    async withdraw(transaction, claimantId) {
      await transaction.deleteFrom('number_claims').where('claimant_id', '=', claimantId).execute()
    },

    async ended(transaction, dispute, ending, by) {
      const details = { ...detailsOf(dispute), ending }
      for (const personId of [dispute.holderId, dispute.claimantId]) {
        await audit.append(transaction, { event: 'number.claim-ended', ...by, personId, details })
        await notifier.notify({ personId, kind: 'number-claim-ended' }, transaction)
      }
    },
  }
  return disputes
}
