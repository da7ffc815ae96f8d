import { dayMs } from '../../config/time.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Authenticators } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import { secondFactorKinds, signInKinds } from '../sign-in-kinds.ts'

/**
 * Holds authenticators that a thief may have added before the recovery: those for sign-in, younger than `days`, and not bound by
 * a verified face. They cannot sign in until their owner confirms them. A second factor is held at any age: the person may have lost
 * it. The person is notified.
 * @param about.replaced the kind that the recovery replaces.
 * @returns how many ways to sign in were held.
 * @throws Refusal `busy` when one of them changes at the same time
 */
export async function holdYoungAuthenticators(
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
      kind !== replaced &&
      heldAt === null &&
      (secondFactorKinds.includes(kind) ||
        (signInKinds.includes(kind) && createdAt > now - days * dayMs && !bound.has(id))),
  )
  for (const one of young) {
    if (!(await authenticators.hold(one, now, transaction)))
      throw new Refusal('busy', 'an authenticator changed at the same time')
    const details = { kind: one.kind, authenticator: one.id }
    await audit.append(transaction, { event: 'authenticator.held', ...by, personId, details })
  }
  for (const method of new Set(young.map(({ kind }) => kind))) {
    const notice = { personId, kind: 'authenticator-held', details: { method }, restricted: by.restricted } as const
    await notifier.notify(notice, transaction)
  }
  return young.filter(({ kind }) => signInKinds.includes(kind)).length
}
