import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import type { FaceDeps } from './face-deps.ts'
import type { Counted } from '../../../config/address-networks.ts'
import { ofAccount } from './face-limits.ts'

/** The counts of a person's capture. The number has an index of its own: the index that finds accounts changes with its key. */
export const countedFor = (
  { persons, blindIndex }: Pick<FaceDeps, 'persons' | 'blindIndex'>,
  person: NaturalPerson,
): readonly Counted[] =>
  ofAccount(
    person.id,
    person.identityLevel >= 3 ? undefined : blindIndex('claim', persons.reveal(person).documentNumber),
  )
