import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'
import type { PhoneOwners } from '../proofing/phone-owners.ts'
import { actorOf } from './actor.ts'
import type { RouterContext } from './method.ts'

export interface ProveByPhoneDeps {
  persons: Pick<NaturalPersons, 'find' | 'reveal' | 'proof'>
  phoneOwners: PhoneOwners
  matches: RegisterMatches
}

/**
 * Counts a number that the person has just proven as their possession. It must be known to be of their name and document. The
 * population register must have both (DESIGN 1.4).
 * @returns the person as they are now; undefined where there is none
 */
export async function proveByPhone(
  { persons, phoneOwners, matches }: ProveByPhoneDeps,
  ctx: RouterContext,
  personId: string,
  phone: string,
): Promise<NaturalPerson | undefined> {
  const person = await persons.find(personId)
  if (!person || (person.identityLevel >= 3 && person.possession !== null)) return person
  const data = persons.reveal(person)
  const { documentType, documentNumber, name } = data
  const owned = await phoneOwners.isOwner({ phone, documentType, documentNumber, name })
  const silent = await matches.silent(data)
  // the number on record may be another one by now
  if (data.phone !== phone || owned !== 'match') return person
  return persons.proof(personId, actorOf(ctx), { silent, possession: 'phone' })
}
