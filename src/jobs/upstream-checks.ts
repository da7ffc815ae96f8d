import type { WatchedUpstreams } from '../upstreams/outages.ts'
import type { Job } from './runner.ts'

/** Checks upstreams, so that each process knows their outages from memory. */
export const upstreamChecks = (upstreams: Pick<WatchedUpstreams, 'checkDue'>): Job => ({
  name: 'upstream checks',
  everyMs: 5000,
  run: () => upstreams.checkDue(),
})
