import type { Database } from '../storage/database.ts'
import type { Authenticator, Authenticators, NewAuthenticator } from './authenticators.ts'

/**
 * Stores the only authenticator of its kind: in place of the one that was read, or as the first one.
 * @returns false when another change came first
 */
export async function setOnlyAuthenticator(
  authenticators: Pick<Authenticators, 'add' | 'replaceData'>,
  change: { personId: string; known: Authenticator | undefined; authenticator: NewAuthenticator },
  within: Database,
): Promise<boolean> {
  const { personId, known, authenticator } = change
  if (known) return authenticators.replaceData(known, authenticator.data, within)
  // the lookup key makes the second of two parallel additions fail
  return (await authenticators.add({ ...authenticator, personId, lookupKey: personId }, within)) !== undefined
}
