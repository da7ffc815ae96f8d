import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Database } from '../../../storage/database.ts'
import type { Authenticator, Authenticators } from '../../../accounts/authenticators.ts'
import type { Actor, NaturalPerson } from '../../../accounts/natural-persons.ts'
import type { Notifier } from '../../../accounts/notices.ts'
import { setOnlyAuthenticator } from '../../../accounts/only-authenticator.ts'
import { endingColumns, readEndings, type EndSignIns, type OpenSession } from '../../../accounts/sign-in-endings.ts'
import { passwordAuthenticator } from './stored-password.ts'

export interface PasswordChange {
  /** As read with the sign-in: a recovery since then is not overwritten. */
  person: NaturalPerson
  known: Authenticator | undefined
  passwordHash: string
  /** The one that stays. */
  session: OpenSession
}

/** Changes the password of a signed-in person and ends all other sign-ins; false where another change came first. */
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
      const authenticator = passwordAuthenticator(passwordHash)
      if (!(await setOnlyAuthenticator(authenticators, { personId, known, authenticator }, transaction))) return false
      await endSignIns(transaction, personId, { but: [session] })
      await audit.append(transaction, { event: 'password.changed', ...by, personId })
      await notifier.notify({ personId, kind: 'password-changed', restricted: by.restricted }, transaction)
      return true
    })
}
