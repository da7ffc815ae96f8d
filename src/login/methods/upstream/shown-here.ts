import type { Level } from '../../../assurance/levels.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import type { Attempt } from '../../attempt.ts'

/** The highest level that an upstream can vouch for. */
const highestLevel = ({ levels }: Pick<Upstream, 'levels'>): Level =>
  Object.values(levels).reduce<Level>((highest, one) => (one > highest ? one : highest), 2)

/** Whether this login may use an upstream: its portal has it, and its level, with a face, reaches what the portal needs. */
export const mayUse = (upstream: Upstream, { client, needed }: Pick<Attempt, 'client' | 'needed'>): boolean =>
  client.administers !== true &&
  (upstream.clients === 'all' || upstream.clients.includes(client.id)) &&
  highestLevel(upstream) >= Math.min(needed, 3)

/** The upstreams that this login shows. */
export const shownHere = (list: readonly Upstream[], attempt: Pick<Attempt, 'client' | 'needed'>): Upstream[] =>
  list.filter((one) => mayUse(one, attempt))

/** Origins that a form of the sign-in page may lead to. */
export const formTargetsOf = ({ issuer, addresses = {} }: Upstream): string[] => {
  const { authorize, login, adapter } = addresses
  const given = [issuer, authorize, login, adapter].filter((one) => one !== undefined)
  return [...new Set(given.map((one) => new URL(one).origin))]
}
