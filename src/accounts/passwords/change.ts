import type { AuditTrail } from '../../audit/trail.ts'
import type { Database } from '../../storage/database.ts'
import type { Authenticator, Authenticators } from '../authenticators.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'

const kind = 'password'

/**
 * Keeps a person's password in place of the one that was read, or of none; false when another change came first.
 */
export async function keepPassword(
  authenticators: Authenticators,
  { personId, known, passwordHash }: { personId: string; known: Authenticator | undefined; passwordHash: string },
  within: Database,
): Promise<boolean> {
  const data = JSON.stringify({ hash: passwordHash })
  if (known) return authenticators.replaceData(known, data, within)
  // the lookup key keeps two from being added at once
  return (await authenticators.add({ personId, kind, lookupKey: personId, data }, within)) !== undefined
}

export interface PasswordChange {
  /** As they were when the sign-in was looked at: a recovery since then is not overwritten. */
  person: NaturalPerson
  known: Authenticator | undefined
  passwordHash: string
  /** Seconds since 1970 UTC; of the session that stays. */
  signedInAt: number
}

/** Changes the password of a signed-in person; false when another change came first. The caller then ends the other sessions. */
export type ChangePassword = (change: PasswordChange, by: Actor) => Promise<boolean>

export function createChangePassword(options: {
  database: Database
  authenticators: Authenticators
  notifier: Notifier
  audit: AuditTrail
}): ChangePassword {
  const { database, authenticators, notifier, audit } = options

  return ({ person, known, passwordHash, signedInAt }, by) =>
    database.transaction().execute(async (transaction) => {
      const { id: personId, signedOutAt } = person
      const { numUpdatedRows } = await transaction
        .updateTable('natural_persons')
        .set({ signed_out_at: Math.max(signedOutAt ?? 0, signedInAt * 1000) })
        .where('id', '=', personId)
        .where('status', '=', 'active')
        .where('signed_out_at', signedOutAt === null ? 'is' : '=', signedOutAt)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      if (!(await keepPassword(authenticators, { personId, known, passwordHash }, transaction))) return false
      await audit.append(transaction, { event: 'password.changed', ...by, personId })
      await notifier.notify({ personId, kind: 'password-changed', restricted: by.restricted }, transaction)
      return true
    })
}
