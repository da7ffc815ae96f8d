import type { Actor, NaturalPersonsDeps } from './natural-person.ts'

/** Ends all sign-ins of an account and tells its owner. False where there is no such account, or it is closed. */
export async function endAllSignIns(deps: NaturalPersonsDeps, id: string, by: Actor): Promise<boolean> {
  const { database, audit, endSignIns, notifier, publish } = deps
  const ended = await database.transaction().execute(async (transaction) => {
    const person = await transaction
      .selectFrom('natural_persons')
      .select('id')
      .where('id', '=', id)
      .where('status', '<>', 'closed')
      .executeTakeFirst()
    if (!person) return false
    await endSignIns(transaction, id, { but: [] })
    await audit.append(transaction, { event: 'person.sign-ins-ended', ...by, personId: id })
    await notifier.notify({ personId: id, kind: 'sign-ins-ended', restricted: by.restricted }, transaction)
    return true
  })
  if (ended) publish('person', id)
  return ended
}
