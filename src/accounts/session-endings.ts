import type { DatabaseTransaction } from '../storage/database.ts'

/**
 * Has a server process end every session of a person and tell their portals (src/oidc/session-endings.ts), as soon as this is
 * committed: so it works from the command line as well, and after a crash.
 * @param at milliseconds since 1970 UTC
 */
export async function endSessionsOf(transaction: DatabaseTransaction, personId: string, at: number): Promise<void> {
  await transaction
    .insertInto('session_endings')
    .values({ person_id: personId, due_at: at })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet({ due_at: at }))
    .execute()
}
