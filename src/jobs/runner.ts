import type { Clock } from '../config/clock.ts'
import { pollMs, type Events, type Topic } from '../storage/events.ts'

/** Work that a server process does later: when it is due, after a change, or once in a period. */
export interface Job {
  /** Names the job in the log. */
  name: string
  run(): Promise<unknown>
  /** Next due time in milliseconds since 1970 UTC; undefined when nothing is planned. A job without it runs once in a period. */
  nextDue?(): Promise<number | undefined>
  /** A change of this topic starts a run. */
  topic?: Topic
  /** Milliseconds between the change and the run. */
  changedMs?: number
  /** The period. A job with `nextDue` uses it only while events do not arrive. */
  everyMs: number
  /** Waits while the process has too much to do, for at most ten minutes. */
  yields?: true
  /** Runs once when the process stops. */
  last?(): Promise<unknown>
}

export interface JobDeps {
  events: Pick<Events, 'subscribe' | 'isConnected'>
  clock: Clock
  /** Whether the process has too much to do for its sign-ins. */
  isBusy?(): boolean
  log: { error(details: object, message: string): void }
}

export interface RunningJob {
  /** Waits for a run under way, which may have read too early, and then runs once more. */
  runAgain(): Promise<unknown>
  stop(): Promise<void>
}

/** Wait after a failed run of a job with `nextDue`. */
const failedMs = 1000
const shortestMs = 20
/** Work that yields runs after this time in any case: what it cleans would grow. */
const longestYieldMs = 600_000
const yieldMs = 1000

/** Runs the job until it is stopped, and never twice at once in a process. The first run starts at once. */
export function startJob(job: Job, { events, clock, isBusy, log }: JobDeps): RunningJob {
  const { name, everyMs, topic, changedMs = 0 } = job
  let running: Promise<unknown> | undefined
  let timer: NodeJS.Timeout | undefined
  let afterChange: NodeJS.Timeout | undefined
  let stopped = false
  let yieldsSince: number | undefined

  const runNow = (): Promise<unknown> => {
    // a run that was asked for before the stop, and waits for another one
    if (stopped) return Promise.resolve()
    running ??= runOnce().finally(() => {
      running = undefined
    })
    return running
  }
  const runAgain = () => (running ? running.then(runNow, runNow) : runNow())

  async function runOnce(): Promise<unknown> {
    clearTimeout(timer)
    let wait = job.nextDue ? failedMs : everyMs
    try {
      if (mustYield()) {
        wait = yieldMs
        return undefined
      }
      const result = await job.run()
      wait = await untilNext()
      return result
    } finally {
      if (!stopped) timer = setTimeout(() => void runNow().catch(failed), wait).unref()
    }
  }

  function mustYield(): boolean {
    yieldsSince = job.yields && isBusy?.() ? (yieldsSince ?? clock()) : undefined
    return yieldsSince !== undefined && clock() - yieldsSince < longestYieldMs
  }

  async function untilNext(): Promise<number> {
    if (!job.nextDue) return everyMs
    const due = await job.nextDue()
    const latest = events.isConnected() ? pollMs : everyMs
    return due === undefined ? latest : Math.max(shortestMs, Math.min(latest, due - clock()))
  }

  const failed = (error: unknown) => log.error({ err: error, job: name }, `job failed: ${name}`)

  const runAfterChange = () => {
    afterChange = undefined
    void runAgain().catch(failed)
  }
  const unsubscribe =
    topic && events.subscribe(topic, () => (afterChange ??= setTimeout(runAfterChange, changedMs).unref()))
  void runNow().catch(failed)

  return {
    runAgain,
    async stop() {
      stopped = true
      clearTimeout(timer)
      clearTimeout(afterChange)
      unsubscribe?.()
      await running?.catch(() => undefined)
      await job.last?.().catch(failed)
    },
  }
}
