import { whenRemoved } from '../../../storage/store-facts.ts'
import { eachInUse } from '../../removed-origins.ts'
import { originOf, type UpstreamDeps } from './upstream-deps.ts'

type Deps = Pick<UpstreamDeps, 'database' | 'sessions' | 'upstreams' | 'clock' | 'settings'>

/** The upstreams that the servers of this store had: a JSON list of ids. */
const fact = 'upstreams'

/**
 * Ends the sessions of upstreams that are gone from the file of YIDENG_UPSTREAMS: those that began by one, and those that a phone in
 * such a session approved. Their walks are refused at once, for no upstream has their id. May be repeated.
 */
export async function endRemovedUpstreams(deps: Deps): Promise<void> {
  const listed = deps.upstreams.list().map(({ id }) => id)
  await whenRemoved(deps.database, fact, listed, async (removed) => {
    for (const id of removed) await endAll(deps, id)
  })
}

const endAll = (deps: Deps, upstream: string): Promise<void> =>
  eachInUse(deps, {
    page: (since, after, limit) =>
      deps.database
        .selectFrom('upstream_links')
        .select('person_id')
        .distinct()
        .where('upstream', '=', upstream)
        .where('last_used_at', '>=', since)
        .where('person_id', '>', after)
        .orderBy('person_id')
        .limit(limit)
        .execute(),
    key: ({ person_id: personId }) => personId,
    act: ({ person_id: personId }) => endOf(deps, personId, upstream),
  })

async function endOf({ sessions }: Deps, personId: string, upstream: string): Promise<void> {
  const stay = await sessions.without(personId, { method: originOf(upstream) }, undefined)
  const entry = { event: 'person.sessions-ended', actor: 'system', personId, details: { upstream } } as const
  await sessions.end(personId, { but: stay }, entry)
}
