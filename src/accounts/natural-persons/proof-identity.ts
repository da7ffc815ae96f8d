import { provenHolders } from '../indexes.ts'
import { openPersonalData } from '../personal-fields.ts'
import {
  findPerson,
  matchesRegister,
  type Actor,
  type NaturalPerson,
  type NaturalPersonsDeps,
} from './natural-person.ts'

/**
 * Compares name and number with the register again. A match raises a level 2 account to 3.
 * @param options.silent the register's answer must not show: audited as no match
 */
export async function proofIdentity(
  deps: NaturalPersonsDeps,
  id: string,
  by: Actor,
  { silent = false }: { silent?: boolean } = {},
): Promise<NaturalPerson | undefined> {
  const { database, cipher, lookup, audit, clock } = deps
  const person = await findPerson(database, id)
  if (!person || person.identityLevel >= 3) return person
  const data = openPersonalData(cipher, person.row)
  const matched = (await matchesRegister(deps, data)) && !silent
  return database.transaction().execute(async (transaction) => {
    const raise = matched && (await provenHolders(transaction, lookup, data)).length === 0
    await audit.append(transaction, { event: raise ? 'person.proofed' : 'person.not-matched', ...by, personId: id })
    if (raise) {
      const now = clock()
      await transaction
        .updateTable('natural_persons')
        .set({ identity_level: 3, proofed_at: now, updated_at: now })
        .where('id', '=', id)
        .where('identity_level', '=', person.identityLevel)
        .execute()
    }
    return findPerson(transaction, id)
  })
}
