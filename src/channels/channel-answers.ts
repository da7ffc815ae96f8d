import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import type { ChannelFailure } from './channel-client.ts'

/** How a vendor answered once: it named a person, or it failed. */
export type ChannelOutcome = 'success' | ChannelFailure

/** The side that a failure lies on. Only `ours`, the vendor or our registration, says that the channel does not work. */
const faults: Readonly<Record<ChannelFailure, 'theirs' | 'ours'>> = {
  code_refused: 'theirs',
  snapshot_visitor: 'theirs',
  user_blocked: 'theirs',
  unavailable: 'ours',
  channel_misconfigured: 'ours',
}

/** Every outcome, for series of metrics that begin at 0. */
export const channelOutcomes: readonly ChannelOutcome[] = ['success', ...(Object.keys(faults) as ChannelFailure[])]

/** When a channel last named a person, and when and why it last did not work; ms since 1970 UTC. */
export interface ChannelState {
  succeededAt: number | null
  failedAt: number | null
  failure: string | null
}

export const neverAnswered: ChannelState = { succeededAt: null, failedAt: null, failure: null }

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
      const works = outcome === 'success'
      if (!works && faults[outcome] === 'theirs') return
      const now = clock()
      const key = `${channelId} ${outcome}`
      if (now - (written.get(key) ?? -Infinity) < minuteMs) return
      written.set(key, now)
      write(database, channelId, works ? { succeeded_at: now } : { failed_at: now, failure: outcome }).catch(failed)
    },
    async read() {
      const rows = await database.selectFrom('channel_answers').selectAll().execute()
      return new Map(
        rows.map((row) => [
          row.channel_id,
          { succeededAt: row.succeeded_at, failedAt: row.failed_at, failure: row.failure },
        ]),
      )
    },
  }
}

async function write(
  database: Database,
  channelId: string,
  values: { succeeded_at: number } | { failed_at: number; failure: string },
): Promise<void> {
  const nothing = { succeeded_at: null, failed_at: null, failure: null }
  await database
    .insertInto('channel_answers')
    .values({ channel_id: channelId, ...nothing, ...values })
    .onConflict((conflict) => conflict.column('channel_id').doUpdateSet(values))
    .execute()
}
