import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Attempt } from './attempt.ts'

/**
 * The session and the person of a running login, for the questions that come after signing in.
 * @throws Refusal `login_expired` where there is no session
 */
export async function signedIn(
  persons: NaturalPersons,
  { session }: Attempt,
): Promise<{ session: NonNullable<Attempt['session']>; person: NaturalPerson }> {
  const person = session && (await persons.find(session.personId))
  if (!person) throw new Refusal('login_expired', 'no person is signed in')
  return { session, person }
}
