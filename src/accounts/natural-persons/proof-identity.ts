import type { Possession } from '../../storage/schema.ts'
import { provenHolders } from '../indexes.ts'
import { openPersonalData } from '../personal-fields.ts'
import {
  findPerson,
  matchesRegister,
  type Actor,
  type NaturalPerson,
  type NaturalPersonsDeps,
} from './natural-person.ts'

/** What an account may newly rest on. */
export interface IdentityClaim {
  /** The register's answer must not show: audited as no match. */
  silent?: boolean
  /** What the person has shown now; else what they have shown before counts. */
  possession?: Possession
}

/**
 * Compares name and number with the register again. A match raises a level 2 account to 3, where the person has shown once that
 * they are the one. What they show now is recorded also without a match.
 */
export async function proofIdentity(
  deps: NaturalPersonsDeps,
  id: string,
  by: Actor,
  { silent = false, possession: shown }: IdentityClaim = {},
): Promise<NaturalPerson | undefined> {
  const { database, cipher, lookup, audit, clock } = deps
  const person = await findPerson(database, id)
  if (!person || (person.identityLevel >= 3 && person.possession !== null)) return person
  const possession = shown ?? person.possession
  // a name and a number raise nothing alone, so the register is not asked
  if (possession === null) return person
  const data = openPersonalData(cipher, person.row)
  const matched = (await matchesRegister(deps, data)) && !silent
  return database.transaction().execute(async (transaction) => {
    const alone = (await provenHolders(transaction, lookup, data)).every((holder) => holder.id === id)
    const raise = matched && alone
    const now = clock()
    const { numUpdatedRows } = await transaction
      .updateTable('natural_persons')
      .set({ possession, updated_at: now, ...(raise ? { identity_level: 3, proofed_at: now } : {}) })
      .where('id', '=', id)
      .where('identity_level', '=', person.identityLevel)
      // a correction in between: the register answered about another name or number
      .where('name', '=', person.row.name)
      .where('document_number', '=', person.row.document_number)
      .executeTakeFirst()
    if (numUpdatedRows > 0n) {
      const event = raise ? 'person.proofed' : 'person.not-matched'
      await audit.append(transaction, { event, ...by, personId: id, details: { possession } })
    }
    return findPerson(transaction, id)
  })
}
