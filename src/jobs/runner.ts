import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import { nowAndThenMs, type Events, type Topic } from '../storage/events.ts'

/** Does what is due again and again, never twice at once in a process. */
export interface KeptTrying {
  /** Does it now, or waits for the run under way; returns how much was done. */
  tryDue(): Promise<number>
  /** The same, but a run under way may have looked too early: waits for it and does it again. */
  tryAgain(): Promise<number>
  stop(): Promise<void>
}

/** What failed is tried again after so long, also where a change would be heard of. */
const failedMs = 1000
const shortestMs = 20

/** When the first row of what is to be ended is due; undefined where there is none. */
export async function firstDue(
  database: Database,
  table: 'representation_endings' | 'session_endings' | 'number_claims',
): Promise<number | undefined> {
  const first = await database
    .selectFrom(table)
    .select(({ fn }) => fn.min('due_at').as('at'))
    .executeTakeFirst()
  return first?.at ?? undefined
}

/**
 * Does it at once when something of the topic was changed, and when the next is due; where events do not come through
 * every `everyMs`.
 */
export function keepTrying(options: {
  run: () => Promise<number>
  /** When there will be something to do, in milliseconds since 1970 UTC; undefined: not before something changes. */
  nextDue: () => Promise<number | undefined>
  events: Events
  topic: Topic | undefined
  /** So long after a change: whoever made it does what is to be done, unless it dies. */
  changedMs?: number
  everyMs: number
  clock: Clock
  failed: (error: unknown) => void
}): KeptTrying {
  const { run, nextDue, events, topic, changedMs = 0, everyMs, clock, failed } = options
  let running: Promise<number> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const tryDue = () => {
    running ??= runOnce().finally(() => {
      running = undefined
    })
    return running
  }

  async function runOnce(): Promise<number> {
    clearTimeout(timer)
    let wait = failedMs
    try {
      const done = await run()
      wait = await untilNext()
      return done
    } finally {
      if (!stopped) timer = setTimeout(again, wait).unref()
    }
  }

  async function untilNext(): Promise<number> {
    const due = await nextDue()
    const latest = events.isConnected() ? nowAndThenMs : everyMs
    return due === undefined ? latest : Math.max(shortestMs, Math.min(latest, due - clock()))
  }

  const tryAgain = () => (running ? running.then(tryDue, tryDue) : tryDue())

  const again = () => void tryDue().catch(failed)
  let looking: NodeJS.Timeout | undefined
  const look = () => {
    looking = undefined
    void tryAgain().catch(failed)
  }
  const unlisten = topic && events.subscribe(topic, () => (looking ??= setTimeout(look, changedMs).unref()))
  again()

  return {
    tryDue,
    tryAgain,
    async stop() {
      stopped = true
      clearTimeout(timer)
      clearTimeout(looking)
      unlisten?.()
      await running?.catch(() => 0)
    },
  }
}
