import type { Database } from '../../storage/database.ts'
import { standingLost } from '../account-standing.ts'
import type { NaturalPersonsDeps } from './natural-person.ts'

const atOnce = 100

const ofOldRule = (database: Database) =>
  database.selectFrom('natural_persons').where('identity_level', '=', 3).where('possession', 'is', null)

/** Number of accounts at level 3 that rest on a name and a number alone: the rule before (DESIGN 1.4). */
export const countOldProofs = async (database: Database): Promise<number> => {
  const { count } = await ofOldRule(database)
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

type OldProofsDeps = Pick<NaturalPersonsDeps, 'database' | 'audit' | 'notifier' | 'publish' | 'clock'>

/**
 * Ends level 3 where the person never showed more than a name and a number. Each account is told.
 * @returns how many accounts fell to level 2, at most a hundred in one call
 */
export async function endOldProofs(deps: OldProofsDeps): Promise<number> {
  const rows = await ofOldRule(deps.database).select('id').limit(atOnce).execute()
  let ended = 0
  for (const { id } of rows) if (await endOne(deps, id)) ended += 1
  return ended
}

async function endOne({ database, audit, notifier, publish, clock }: OldProofsDeps, id: string): Promise<boolean> {
  const now = clock()
  const principals = await database.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('natural_persons')
      .set({ identity_level: 2, proofed_at: null, updated_at: now })
      .where('id', '=', id)
      .where('identity_level', '=', 3)
      .where('possession', 'is', null)
      .executeTakeFirst()
    // another process, or the person has shown it in between
    if (numUpdatedRows === 0n) return undefined
    await audit.append(transaction, { event: 'person.proof-ended', actor: 'system', personId: id })
    await notifier.notify({ personId: id, kind: 'proof-ended' }, transaction)
    return standingLost(transaction, notifier, id, now)
  })
  if (!principals) return false
  publish('person', id)
  for (const principal of principals) publish('principal', principal)
  return true
}
