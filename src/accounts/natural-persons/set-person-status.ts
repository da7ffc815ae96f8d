import { standingLost } from '../account-standing.ts'
import { findPerson, type Actor, type NaturalPerson, type NaturalPersonsDeps } from './natural-person.ts'

/** Locks or unlocks an account that is not closed. Locking ends all sign-ins; unlocking restores none. */
export async function setPersonStatus(
  deps: NaturalPersonsDeps,
  id: string,
  status: 'active' | 'locked',
  by: Actor,
): Promise<NaturalPerson | undefined> {
  const { database, audit, endSignIns, notifier, publish, clock } = deps
  const principals: string[] = []
  const person = await database.transaction().execute(async (transaction) => {
    const changed = await transaction
      .updateTable('natural_persons')
      .set({ status, updated_at: clock() })
      .where('id', '=', id)
      .where('status', '<>', 'closed')
      .executeTakeFirst()
    if (changed.numUpdatedRows === 0n) return undefined
    if (status === 'locked') {
      await endSignIns(transaction, id, { but: [] })
      principals.push(...(await standingLost(transaction, notifier, id, clock())))
    }
    const event = status === 'locked' ? 'person.locked' : 'person.unlocked'
    await audit.append(transaction, { event, ...by, personId: id })
    return findPerson(transaction, id)
  })
  publish('person', id)
  for (const principal of principals) publish('principal', principal)
  return person
}
