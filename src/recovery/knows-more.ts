import type { IdentifierReading } from '../accounts/identifiers/identify.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'

/**
 * Whether `known` is the phone or the document number on record, and not the one that already named the account.
 * The number of comparisons is the same where there is no account.
 */
export function knowsMore(
  persons: Pick<NaturalPersons, 'isOnRecord'>,
  person: NaturalPerson | undefined,
  named: readonly IdentifierReading[],
  known: readonly IdentifierReading[],
): boolean {
  const fits = (readings: readonly IdentifierReading[], which: 'phone' | 'document') =>
    readings
      .filter((reading) => reading.kind === which)
      .map((reading) => persons.isOnRecord(person, reading))
      .includes(true)
  return (['phone', 'document'] as const).filter((which) => fits(known, which) && !fits(named, which)).length > 0
}
