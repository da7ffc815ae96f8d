import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import type { ChannelClient, ChannelFailure, Channels } from './channel-client.ts'

/** How a vendor answered once: it named a person (or proved a number), or it failed. */
export type ChannelOutcome = 'named' | ChannelFailure

/** Whose fault a failure is. Only `ours`, the vendor's or our registration's, says that the channel does not work. */
const faults: Readonly<Record<ChannelFailure, 'theirs' | 'ours'>> = {
  code_refused: 'theirs',
  snapshot_visitor: 'theirs',
  user_blocked: 'theirs',
  unavailable: 'ours',
  channel_misconfigured: 'ours',
}

/** Every outcome, for series of metrics that begin at 0. */
export const channelOutcomes: readonly ChannelOutcome[] = ['named', ...(Object.keys(faults) as ChannelFailure[])]

/** When a channel last named a person, and when and why it last did not work; ms since 1970 UTC. */
export interface ChannelState {
  namedAt: number | null
  failedAt: number | null
  failure: string | null
}

export const neverAnswered: ChannelState = { namedAt: null, failedAt: null, failure: null }

export interface ChannelAnswers {
  /** Remembers an answer, in the background: neither a person nor their sign-in waits for it. */
  note(channelId: string, outcome: ChannelOutcome): void
  /** By the id of the channel; a channel that never answered is not there. */
  read(): Promise<ReadonlyMap<string, ChannelState>>
}

/**
 * The last success and failure of each channel, for administrators. A process writes each kind of answer once a minute:
 * one row for all sign-ins of a channel would make them wait for each other.
 * @param failed called where an answer could not be stored
 */
export function createChannelAnswers(deps: {
  database: Database
  clock: Clock
  failed?: (error: unknown) => void
}): ChannelAnswers {
  const { database, clock, failed = () => undefined } = deps
  const written = new Map<string, number>()
  return {
    note(channelId, outcome) {
      const works = outcome === 'named'
      if (!works && faults[outcome] === 'theirs') return
      const now = clock()
      const key = `${channelId} ${outcome}`
      if (now - (written.get(key) ?? -Infinity) < minuteMs) return
      written.set(key, now)
      write(database, channelId, works ? { named_at: now } : { failed_at: now, failure: outcome }).catch(failed)
    },
    async read() {
      const rows = await database.selectFrom('channel_answers').selectAll().execute()
      return new Map(
        rows.map((row) => [row.channel_id, { namedAt: row.named_at, failedAt: row.failed_at, failure: row.failure }]),
      )
    },
  }
}

async function write(
  database: Database,
  channelId: string,
  values: { named_at: number } | { failed_at: number; failure: string },
): Promise<void> {
  const nothing = { named_at: null, failed_at: null, failure: null }
  await database
    .insertInto('channel_answers')
    .values({ channel_id: channelId, ...nothing, ...values })
    .onConflict((conflict) => conflict.column('channel_id').doUpdateSet(values))
    .execute()
}

/** The same channels, with `seen` called for each answer of a vendor. */
export function watchedChannels(
  channels: Channels,
  seen: (channelId: string, outcome: ChannelOutcome) => void,
): Channels {
  const clients = new Map(
    channels.list.flatMap(({ id }) => {
      const client = channels.client(id)
      return client ? [[id, watchedClient(client, (outcome) => seen(id, outcome))] as const] : []
    }),
  )
  return { list: channels.list, client: (id) => clients.get(id) }
}

function watchedClient(client: ChannelClient, seen: (outcome: ChannelOutcome) => void): ChannelClient {
  const watched =
    <G extends unknown[], A extends object>(ask: (...given: G) => Promise<A | { failure: ChannelFailure }>) =>
    async (...given: G) => {
      const answer = await ask(...given)
      seen('failure' in answer ? answer.failure : 'named')
      return answer
    }
  const { authorizeUrl, phoneOf } = client
  return {
    channel: client.channel,
    identify: watched((code: string) => client.identify(code)),
    check: () => client.check(),
    ...(authorizeUrl ? { authorizeUrl: (request) => authorizeUrl.call(client, request) } : {}),
    ...(phoneOf ? { phoneOf: watched((...given: Parameters<typeof phoneOf>) => phoneOf.call(client, ...given)) } : {}),
  }
}
