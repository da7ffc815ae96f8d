import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { isUnavailable } from '../storage/unavailable.ts'
import type { WatchedUpstreams } from '../upstreams/outages.ts'
import { upstreamOutcomes, type UpstreamAnswers } from '../upstreams/upstream-answers.ts'

/** Counts the answers of each upstream, and their time. The series of an upstream are there from its first line in the list. */
export function countUpstreams(registry: Registry, answers: UpstreamAnswers) {
  const registers = [registry]
  const counts = new Counter({
    name: 'yideng_upstream_answers_total',
    help: 'Answers of upstreams to sign-ins, by outcome (success: it named a person)',
    labelNames: ['upstream', 'outcome'],
    registers,
  })
  const seconds = new Histogram({
    name: 'yideng_upstream_seconds',
    help: 'Seconds in which an upstream named a person',
    labelNames: ['upstream'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const known = new Set<string>()
  const begin = (id: string) => {
    if (known.has(id)) return
    known.add(id)
    for (const outcome of upstreamOutcomes) counts.inc({ upstream: id, outcome }, 0)
    seconds.zero({ upstream: id })
  }

  return {
    answered: ((id, outcome, milliseconds) => {
      counts.inc({ upstream: id, outcome })
      if (outcome === 'success') seconds.observe({ upstream: id }, milliseconds / 1000)
      answers.note(id, outcome, milliseconds)
    }) satisfies UpstreamAnswers['note'],
    /** Reports outages and last successes of the list, as it is when the metrics are read. */
    watch(upstreams: Pick<WatchedUpstreams, 'list' | 'isDown'>) {
      const ids = () => upstreams.list().map(({ id }) => id)
      ids().forEach(begin)
      const down: Gauge<'upstream'> = new Gauge({
        name: 'yideng_upstream_down',
        help: '1 while the last check of an upstream failed',
        aggregator: 'max',
        labelNames: ['upstream'],
        registers,
        collect() {
          down.reset()
          for (const id of ids()) {
            down.set({ upstream: id }, upstreams.isDown(id) ? 1 : 0)
            begin(id)
          }
        },
      })
      const successes: Gauge<'upstream'> = new Gauge({
        name: 'yideng_upstream_last_success_timestamp_seconds',
        help: 'When an upstream last named a person, to a minute; 0: never',
        aggregator: 'max',
        labelNames: ['upstream'],
        registers,
        async collect() {
          successes.reset()
          for (const id of ids()) {
            const state = await answers.read(id).catch(unlessUnavailable)
            if (state) successes.set({ upstream: id }, (state.succeededAt ?? 0) / 1000)
          }
        },
      })
    },
  }
}

/** Other metrics are still reported while the store is unavailable. */
function unlessUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error
}
