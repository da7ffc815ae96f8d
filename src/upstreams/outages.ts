import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import type { UpstreamClient, UpstreamFailure, Upstreams } from './upstream-client.ts'

/** Milliseconds between two checks of an upstream that answers. */
const usualMs = minuteMs
/** Milliseconds between two checks of one that does not, or of which a call failed. */
const soonMs = 10_000

/** Upstreams whose outages are known from memory: no page waits for an upstream. */
export interface WatchedUpstreams extends Upstreams {
  /** Whether the last check failed. False for an upstream that was not checked yet. */
  isDown(id: string): boolean
  /** Checks each upstream whose check is due. A job repeats it. */
  checkDue(): Promise<void>
}

interface State {
  down: boolean
  checkedAt: number
}

/**
 * Watches upstreams. A failed call only brings the next check forward, and the check decides. A visitor may send a code that makes the
 * upstream fail: this must show no outage to others.
 */
export function watchUpstreams<Given extends Upstreams>(upstreams: Given, clock: Clock): Given & WatchedUpstreams {
  const states = new Map<string, State>()
  const suspected = new Set<string>()

  const isDue = (id: string) => {
    const state = states.get(id)
    const wait = state?.down || suspected.has(id) ? soonMs : usualMs
    return state === undefined || clock() - state.checkedAt >= wait
  }

  async function check(id: string): Promise<void> {
    // before the answer: a second run must not ask again
    states.set(id, { down: states.get(id)?.down ?? false, checkedAt: clock() })
    suspected.delete(id)
    const answer = await upstreams.client(id)?.check()
    states.set(id, { down: answer?.ok === false && isOutage(answer.failure), checkedAt: clock() })
  }

  return {
    ...upstreams,
    client(id) {
      const client = upstreams.client(id)
      return client && watched(client, () => suspected.add(id))
    },
    isDown: (id) => states.get(id)?.down === true,
    async checkDue() {
      const due = upstreams.list().filter(({ id }) => isDue(id))
      await Promise.all(due.map(({ id }) => check(id)))
    },
  }
}

/** A failure that concerns each visitor, as far as the failed call shows. */
const isOutage = (failure: UpstreamFailure) => failure === 'unavailable' || failure === 'misconfigured'

/** The same client, which reports each call that failed. */
function watched(client: UpstreamClient, failed: () => void): UpstreamClient {
  const noted = async <Answer extends object>(asked: Promise<Answer | { failure: UpstreamFailure }>) => {
    const answer = await asked
    if ('failure' in answer && isOutage(answer.failure)) failed()
    return answer
  }
  return {
    ...client,
    begin: (step) => noted(client.begin(step)),
    identify: (step, returned) => noted(client.identify(step, returned)),
  }
}
