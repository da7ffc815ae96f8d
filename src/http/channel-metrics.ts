import { Counter, Gauge, type Registry } from 'prom-client'
import { channelOutcomes, type ChannelAnswers, type ChannelOutcome } from '../channels/channel-answers.ts'
import type { VendorState } from '../channels/vendor-calls-noted.ts'
import { isUnavailable } from '../storage/unavailable.ts'

/** Counts the answers of each channel's vendor, and reports its last success. The series are there from the start. */
export function watchChannels(options: {
  registry: Registry
  ids: readonly string[]
  answers: ChannelAnswers
}): (channelId: string, outcome: ChannelOutcome) => void {
  const { registry, ids, answers } = options
  const registers = [registry]
  const counts = new Counter({
    name: 'yideng_channel_answers_total',
    help: 'Answers of the vendors of channels, by outcome (success: it named a person)',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  for (const channel of ids) for (const outcome of channelOutcomes) counts.inc({ channel, outcome }, 0)

  const successes: Gauge<'channel'> = new Gauge({
    name: 'yideng_channel_last_success_timestamp_seconds',
    help: 'When the vendor of a channel last named a person, to a minute; 0: never',
    aggregator: 'max',
    labelNames: ['channel'],
    registers,
    async collect() {
      const states = ids.length === 0 ? new Map<string, VendorState>() : await answers.read().catch(unlessUnavailable)
      if (!states) return successes.reset()
      for (const channel of ids) successes.set({ channel }, (states.get(channel)?.succeededAt ?? 0) / 1000)
    },
  })

  return (channel, outcome) => {
    counts.inc({ channel, outcome })
    answers.note(channel, outcome)
  }
}

/** Other metrics are still reported while the store is unavailable. */
function unlessUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error
}
