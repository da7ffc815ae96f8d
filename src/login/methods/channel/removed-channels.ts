import { whenRemoved } from '../../../storage/store-facts.ts'
import { eachInUse } from '../../removed-origins.ts'
import { idsAt, readBinding } from './bindings.ts'
import { name, originOf, type ChannelDeps } from './channel-deps.ts'

type Deps = Pick<ChannelDeps, 'database' | 'sessions' | 'authenticators' | 'cipher' | 'clock' | 'settings'> & {
  channels: Pick<ChannelDeps['channels'], 'list'>
}

/** The channels that the servers of this store had: a JSON list of ids. */
const fact = 'channels'

/**
 * Ends the sessions of channels that are gone from the file of YIDENG_CHANNELS: those that began by one, and those that a phone in such
 * a session approved. Their tickets and states are refused at once, for no channel has their id. May be repeated.
 */
export async function endRemovedChannels(deps: Deps): Promise<void> {
  const listed = deps.channels.list.map(({ id }) => id)
  await whenRemoved(deps.database, fact, listed, (removed) => endAll(deps, removed))
}

const endAll = (deps: Deps, removed: readonly string[]): Promise<void> =>
  eachInUse(deps, {
    page: (since, after, limit) =>
      deps.database
        .selectFrom('authenticators')
        .select(['id', 'person_id'])
        .where('kind', '=', name)
        .where('last_used_at', '>=', since)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute(),
    key: ({ id }) => id,
    act: ({ id, person_id: personId }) => endOf(deps, personId, id, removed),
  })

async function endOf(deps: Deps, personId: string, id: string, removed: readonly string[]): Promise<void> {
  const { authenticators, sessions } = deps
  const row = (await authenticators.list(personId, name)).find((one) => one.id === id)
  const used = row ? removed.filter((one) => idsAt(deps, readBinding(row), { id: one }) !== undefined) : []
  if (used.length === 0) return
  const kept = await Promise.all(used.map((one) => sessions.without(personId, { method: originOf(one) }, undefined)))
  const [first = [], ...others] = kept
  const stay = first.filter(({ uid }) => others.every((list) => list.some((one) => one.uid === uid)))
  const entry = { event: 'person.sessions-ended', actor: 'system', personId, details: { channels: used } } as const
  await sessions.end(personId, { but: stay }, entry)
}
