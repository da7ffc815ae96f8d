import type { AuditLog } from '../../audit/audit-log.ts'
import type { Database } from '../../storage/database.ts'
import type { Authenticator, Authenticators } from '../authenticators.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import { endingColumns, readEndings, type EndSignIns, type OpenSession } from '../sign-in-endings.ts'

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
  /** The one that stays. */
  session: OpenSession
}

/** Changes the password of a signed-in person, which ends all other sign-ins; false when another change came first. */
export type ChangePassword = (change: PasswordChange, by: Actor) => Promise<boolean>

export function createChangePassword(options: {
  database: Database
  authenticators: Authenticators
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
}): ChangePassword {
  const { database, authenticators, notifier, audit, endSignIns } = options

  return ({ person, known, passwordHash, session }, by) =>
    database.transaction().execute(async (transaction) => {
      const { id: personId } = person
      const now = await transaction
        .selectFrom('natural_persons')
        .select(endingColumns)
        .where('id', '=', personId)
        .where('status', '=', 'active')
        .executeTakeFirst()
      if (!now || readEndings(now).epoch !== person.endings.epoch) return false
      if (!(await keepPassword(authenticators, { personId, known, passwordHash }, transaction))) return false
      await endSignIns(transaction, personId, { but: [session] })
      await audit.append(transaction, { event: 'password.changed', ...by, personId })
      await notifier.notify({ personId, kind: 'password-changed', restricted: by.restricted }, transaction)
      return true
    })
}
