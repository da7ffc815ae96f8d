import { endingColumns, isEnded, readEndings } from '../accounts/sign-in-endings.ts'
import type { Session } from '../sessions/sessions.ts'
import type { Database } from '../storage/database.ts'

/** Whether the sign-in of a session was ended, or its account is not active, as a transaction sees it. */
export async function isOver(
  within: Database,
  { personId, uid: sessionUid, signedInAt: at }: Pick<Session, 'personId' | 'uid' | 'signedInAt'>,
): Promise<boolean> {
  const row = await within
    .selectFrom('natural_persons')
    .select([...endingColumns, 'status'])
    .where('id', '=', personId)
    .executeTakeFirst()
  return row?.status !== 'active' || isEnded(readEndings(row), { at, sessionUid })
}
