import type { Settings } from '../../../config/settings.ts'
import { whenRemoved } from '../../../storage/store-facts.ts'
import { eachInUse } from '../../removed-origins.ts'
import { bindingsOf } from './bindings.ts'
import { listedCas } from './listed-cas.ts'
import { name, originOf, type CertificateDeps } from './certificate-deps.ts'

type Deps = Pick<CertificateDeps, 'database' | 'sessions' | 'authenticators' | 'clock'> & {
  settings: Pick<Settings, 'methods' | 'sm2Keys' | 'lifetimes'>
}

/** The CAs that the servers of this store had: a JSON list of ids. */
const fact = 'certificate-cas'

/**
 * Ends the sessions of CAs that are gone from the file of YIDENG_CERT_CAS: those that began by one, and those that a phone in such a
 * session approved. May be repeated. A file that cannot be used ends nothing: `doctor` shows its fault.
 */
export async function endRemovedCas(deps: Deps): Promise<void> {
  const listed = listedCas(deps.settings)
  if (listed) await whenRemoved(deps.database, fact, listed, (removed) => endAll(deps, removed))
}

const endAll = (deps: Deps, removed: readonly string[]): Promise<void> =>
  eachInUse(deps, {
    page: (since, after, limit) =>
      deps.database
        .selectFrom('authenticators')
        .select('person_id')
        .distinct()
        .where('kind', '=', name)
        .where('last_used_at', '>=', since)
        .where('person_id', '>', after)
        .orderBy('person_id')
        .limit(limit)
        .execute(),
    key: ({ person_id: personId }) => personId,
    act: ({ person_id: personId }) => endOf(deps, personId, removed),
  })

async function endOf({ sessions, ...deps }: Deps, personId: string, removed: readonly string[]): Promise<void> {
  const bound = await bindingsOf(deps, personId)
  const open = await sessions.list(personId)
  for (const id of removed) {
    const stay = await sessions.without(personId, { method: originOf(id) }, undefined)
    // a binding has the id of the time when it was made: the same CA may have signed in under another one
    if (stay.length >= open.length && !bound.some((one) => one.ca === id)) continue
    const entry = { event: 'person.sessions-ended', actor: 'system', personId, details: { ca: id } } as const
    await sessions.end(personId, { but: stay }, entry)
  }
}
