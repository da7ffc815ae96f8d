import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Attempt } from './attempt.ts'

/**
 * Who is signed in in a running login, for the questions that come after signing in.
 * @throws Refusal `login_expired` when nobody is
 */
export async function signedIn(
  persons: NaturalPersons,
  { session }: Attempt,
): Promise<{ session: NonNullable<Attempt['session']>; person: NaturalPerson }> {
  const person = session && (await persons.find(session.personId))
  if (!person) throw new Refusal('login_expired', 'nobody is signed in')
  return { session, person }
}
