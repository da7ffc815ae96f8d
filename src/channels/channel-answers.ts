import type { ChannelFailure } from './channel-client.ts'
import { createVendorNotes, type VendorState } from './vendor-calls-noted.ts'

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

export interface ChannelAnswers {
  /** Remembers an answer, in the background: neither a person nor their sign-in waits for it. */
  note(channelId: string, outcome: ChannelOutcome): void
  /** By the id of the channel; a channel that never answered is not there. */
  read(): Promise<ReadonlyMap<string, VendorState>>
}

const keyOf = (channelId: string) => `channel ${channelId}`

/**
 * The last success and failure of each channel, for administrators.
 * @param deps.failed called where an answer could not be stored
 */
export function createChannelAnswers(deps: Parameters<typeof createVendorNotes>[0]): ChannelAnswers {
  const notes = createVendorNotes(deps)
  return {
    note(channelId, outcome) {
      const works = outcome === 'success'
      if (!works && faults[outcome] === 'theirs') return
      void notes.note(keyOf(channelId), works ? undefined : outcome)
    },
    async read() {
      const all = [...(await notes.read())]
      const start = keyOf('')
      return new Map(all.flatMap(([key, state]) => (key.startsWith(start) ? [[key.slice(start.length), state]] : [])))
    },
  }
}
