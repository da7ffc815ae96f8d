import { loginMethods } from '../../login-methods.ts'
import { z } from 'zod'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Authenticators } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'

/** An authenticator made within this time of a verified face may be bound to it, in milliseconds. */
export const bindingMs = 600_000

/** Kinds that only their holder can use: a face says nothing about who knows a password. */
const bindable: ReadonlySet<string> = new Set(
  loginMethods.filter(({ bindsToFace }) => bindsToFace).map(({ name }) => name),
)

/** The browser in which a login method made an authenticator. */
const madeIn = z.object({ device: z.string().optional() })

export interface BindingDeps {
  authenticators: Pick<Authenticators, 'list'>
  audit: AuditLog
  notifier: Notifier
  clock: Clock
}

/**
 * Binds authenticators made within `bindingMs` before or after the proof, in the same browser. Without a device: in any browser.
 * @returns how many were bound
 */
export async function bindAuthenticators(
  { authenticators, audit, notifier, clock }: BindingDeps,
  transaction: DatabaseTransaction,
  proof: { personId: string; provenAt: number; device: string | undefined },
  by: Actor,
): Promise<number> {
  const { personId, provenAt, device } = proof
  const all = await authenticators.list(personId, undefined, transaction)
  const young = all.filter(({ kind, createdAt }) => bindable.has(kind) && Math.abs(createdAt - provenAt) <= bindingMs)
  let bound = 0
  for (const { id, data } of young) {
    if (device !== undefined && madeIn.parse(JSON.parse(data)).device !== device) continue
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('face_bindings')
      .values({ authenticator_id: id, person_id: personId, bound_at: clock() })
      .onConflict((conflict) => conflict.column('authenticator_id').doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 0n) continue
    bound += 1
    await audit.append(transaction, { event: 'authenticator.bound', ...by, personId, details: { authenticator: id } })
    await notifier.notify({ personId, kind: 'authenticator-bound', restricted: by.restricted }, transaction)
  }
  return bound
}

export async function isBound(database: Database, authenticatorId: string): Promise<boolean> {
  const row = await database
    .selectFrom('face_bindings')
    .select('authenticator_id')
    .where('authenticator_id', '=', authenticatorId)
    .executeTakeFirst()
  return row !== undefined
}
