import { dayMs } from '../../config/time.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Authenticators } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import { signInKinds } from '../ways-in.ts'

/**
 * Holds what somebody may have made who was in before a recovery: each authenticator that signs in, is younger than `days`, and
 * was not bound by a verified face. It signs nobody in until its owner says that it is theirs. The person is told.
 * @param replaced the kind that the recovery replaces itself
 * @returns how many
 */
export async function holdYoung(
  deps: { authenticators: Authenticators; audit: AuditLog; notifier: Notifier },
  transaction: DatabaseTransaction,
  { personId, replaced, now, days }: { personId: string; replaced: string; now: number; days: number },
  by: Actor,
): Promise<number> {
  const { authenticators, audit, notifier } = deps
  const bindings = await transaction
    .selectFrom('face_bindings')
    .select('authenticator_id')
    .where('person_id', '=', personId)
    .execute()
  const bound = new Set(bindings.map((row) => row.authenticator_id))
  const all = await authenticators.list(personId, undefined, transaction)
  const young = all.filter(
    ({ id, kind, createdAt, heldAt }) =>
      signInKinds.includes(kind) &&
      kind !== replaced &&
      heldAt === null &&
      createdAt > now - days * dayMs &&
      !bound.has(id),
  )
  for (const one of young) {
    if (!(await authenticators.hold(one, now, transaction)))
      throw new Refusal('busy', 'a passkey is used at this moment')
    const details = { kind: one.kind, authenticator: one.id }
    await audit.append(transaction, { event: 'authenticator.held', ...by, personId, details })
  }
  for (const method of new Set(young.map(({ kind }) => kind))) {
    const notice = { personId, kind: 'authenticator-held', details: { method }, restricted: by.restricted } as const
    await notifier.notify(notice, transaction)
  }
  return young.length
}
