import cluster from 'node:cluster'
import { endHung } from './hung-workers.ts'
import { underWayMs } from './serve.ts'

const firstWaitMs = 100
const longestWaitMs = 5000
/** A process that lived this long did not fail at its start. */
const settledMs = 10_000
/** The stores close after the requests under way, and a process that hangs takes no signal. */
const closingMs = 5000

/**
 * Keeps `count` server processes on one address. A dead one is replaced, with growing waits while they die young. The
 * first starts alone, to create keys and store; if it fails, none starts. One that hangs is killed.
 * Resolves when the first listens; false when a stop came before.
 * @param hung called for each process that is killed because it hangs
 */
export async function keepWorkers(
  count: number,
  log: { error(details: object, message: string): void },
  drainMs: number,
  hung: () => void,
): Promise<boolean> {
  // Node.js would pass each connection to a process and forget it if that process dies before it confirms. No process
  // would answer or close it. With a shared socket, the kernel keeps it for a live process.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  let stopping = false
  let diedYoung = 0

  const start = () =>
    new Promise<void>((resolve, reject) => {
      const worker = cluster.fork()
      const began = performance.now()
      let listens = false
      worker.once('listening', () => {
        listens = true
        resolve()
      })
      worker.once('exit', (code, signal) => {
        if (stopping) {
          resolve()
          return
        }
        if (!listens) {
          reject(new NoWorker())
          return
        }
        diedYoung = performance.now() - began > settledMs ? 0 : diedYoung + 1
        const wait = diedYoung === 0 ? 0 : Math.min(firstWaitMs * 2 ** diedYoung, longestWaitMs)
        log.error({ worker: worker.process.pid, code, signal, replaced_in_ms: wait }, 'a server process died')
        replaceIn(wait)
      })
    })

  function replaceIn(wait: number): void {
    setTimeout(() => {
      if (stopping) return
      start().catch(() => {
        diedYoung += 1
        replaceIn(longestWaitMs)
      })
    }, wait)
  }

  const workers = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return
    stopping = true
    for (const { process: child } of workers()) child.kill(signal)
    const kill = setTimeout(
      () => {
        for (const { process: child } of workers()) child.kill('SIGKILL')
      },
      drainMs + underWayMs + closingMs,
    )
    kill.unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  endHung(log, hung)

  await start()
  for (let more = 1; more < count; more += 1) replaceIn(0)
  return !stopping
}

/** A server process that could not start, and has logged the reason. */
export class NoWorker extends Error {}
