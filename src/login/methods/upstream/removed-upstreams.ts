import { whenRemoved } from '../../../storage/store-facts.ts'
import { originOf, type UpstreamDeps } from './upstream-deps.ts'

type Deps = Pick<UpstreamDeps, 'database' | 'sessions' | 'upstreams' | 'clock' | 'settings'>

/** The upstreams that the servers of this store had: a JSON list of ids. */
const fact = 'upstreams'
const pageSize = 200

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

async function endAll(deps: Deps, upstream: string): Promise<void> {
  const { database, settings, clock } = deps
  const { session, refreshToken } = settings.lifetimes
  // a session that a phone approved at the end of its own may be as old again
  const since = clock() - 2 * Math.max(session, refreshToken) * 1000
  let after = ''
  for (;;) {
    const rows = await database
      .selectFrom('upstream_links')
      .select('person_id')
      .distinct()
      .where('upstream', '=', upstream)
      .where('last_used_at', '>=', since)
      .where('person_id', '>', after)
      .orderBy('person_id')
      .limit(pageSize)
      .execute()
    for (const { person_id: personId } of rows) await endOf(deps, personId, upstream)
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.person_id
  }
}

async function endOf({ sessions }: Deps, personId: string, upstream: string): Promise<void> {
  const stay = await sessions.without(personId, { method: originOf(upstream) }, undefined)
  const entry = { event: 'person.sessions-ended', actor: 'system', personId, details: { upstream } } as const
  await sessions.end(personId, { but: stay }, entry)
}
