import type { Database } from '../storage/database.ts'
import { loginMethods } from '../login-methods.ts'
import type { Authenticators } from './authenticators.ts'

/** Kinds of authenticators that can sign in alone, each with the name of its login method. */
export const signInKinds: readonly string[] = loginMethods
  .filter(({ opensAccounts }) => opensAccounts)
  .map(({ name }) => name)

/**
 * Number of authenticators a person can sign in with now: not held, method not switched off. To remove one, call it afterwards in
 * the same transaction: writers are serialised, so two parallel removals leave one.
 * @param without ids that do not count: a page asks so what would be left
 */
export async function countSignInAuthenticators(
  { list }: Pick<Authenticators, 'list'>,
  personId: string,
  within: Database,
  { without = [] }: { without?: readonly string[] } = {},
): Promise<number> {
  const locks = await within.selectFrom('method_locks').select('method').where('person_id', '=', personId).execute()
  const off = new Set(locks.map(({ method }) => method))
  const all = (await list(personId, undefined, within)).filter(({ id }) => !without.includes(id))
  return all.filter(({ kind, heldAt }) => signInKinds.includes(kind) && heldAt === null && !off.has(kind)).length
}
