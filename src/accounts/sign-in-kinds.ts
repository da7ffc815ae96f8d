import type { Database } from '../storage/database.ts'
import { loginMethods } from '../login-methods.ts'
import type { Authenticators } from './authenticators.ts'
import { linkId } from './upstream-links.ts'

/** Kinds of authenticators that can sign in alone, each with the name of its login method. */
export const signInKinds: readonly string[] = loginMethods
  .filter(({ opensAccounts }) => opensAccounts)
  .map(({ name }) => name)

/** Kinds of authenticators that are asked for after a password. */
export const secondFactorKinds: readonly string[] = loginMethods
  .filter((method) => 'secondFactor' in method)
  .map(({ name }) => name)

/** What counts the ways into an account. */
export interface WaysIn {
  authenticators: Pick<Authenticators, 'list' | 'hasOrigin'>
  /** The upstreams of the settings: a link to another one is no way in. */
  upstreams: { list(): readonly { id: string }[] }
}

/** The login method of links to upstreams; `method_locks` has its name. */
const linkMethod = loginMethods.find((method) => 'byLinks' in method)?.name

/**
 * Number of ways a person can sign in by now: authenticators and links to upstreams. None counts that is held, whose method is switched
 * off, or whose vendor, CA or upstream left the settings. To take some away, ask in the same transaction: writers are serialised, so two
 * parallel acts leave one.
 * @param without ids that do not count
 */
export async function countWaysIn(
  { authenticators, upstreams }: WaysIn,
  personId: string,
  within: Database,
  { without = [] }: { without?: readonly string[] } = {},
): Promise<number> {
  const locks = await within.selectFrom('method_locks').select('method').where('person_id', '=', personId).execute()
  const off = new Set(locks.map(({ method }) => method))
  const all = (await authenticators.list(personId, undefined, within)).filter(({ id }) => !without.includes(id))
  const own = all.filter(
    (one) =>
      signInKinds.includes(one.kind) && one.heldAt === null && !off.has(one.kind) && authenticators.hasOrigin(one),
  )
  if (linkMethod === undefined || off.has(linkMethod)) return own.length
  const links = await within
    .selectFrom('upstream_links')
    .select(['upstream', 'subject_index as subjectIndex'])
    .where('person_id', '=', personId)
    .where('paused_at', 'is', null)
    .execute()
  const known = new Set(upstreams.list().map(({ id }) => id))
  return own.length + links.filter((one) => known.has(one.upstream) && !without.includes(linkId(one))).length
}

/**
 * Whether these ids are the last ways into an account. One that lets no person in is never the last: a held one, or one whose vendor left the
 * settings. To remove them, ask before in the same transaction; a page asks what it may offer.
 * @param ids of authenticators, or of links (`linkId`)
 */
export async function areLastWays(
  deps: WaysIn,
  personId: string,
  within: Database,
  ids: readonly string[],
): Promise<boolean> {
  if ((await countWaysIn(deps, personId, within, { without: ids })) > 0) return false
  return (await countWaysIn(deps, personId, within)) > 0
}
