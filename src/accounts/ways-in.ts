import type { Database } from '../storage/database.ts'
import { loginMethods } from '../login-methods.ts'
import type { Authenticators } from './authenticators.ts'

/** Kinds of authenticators that open an account by themselves, each called as its login method is. */
export const signInKinds: readonly string[] = loginMethods
  .filter(({ opensAccounts }) => opensAccounts)
  .map(({ name }) => name)

/**
 * How many ways in a person has: what they can sign in with now, by kind; what is held or switched off is left out. Whoever
 * takes one away asks within the transaction that does so, after it is gone: writers take turns, so two at once leave one.
 */
export async function waysLeft(
  { list }: Pick<Authenticators, 'list'>,
  personId: string,
  within: Database,
): Promise<number> {
  const locks = await within.selectFrom('method_locks').select('method').where('person_id', '=', personId).execute()
  const off = new Set(locks.map(({ method }) => method))
  const all = await list(personId, undefined, within)
  return all.filter(({ kind, heldAt }) => signInKinds.includes(kind) && heldAt === null && !off.has(kind)).length
}
