import cluster from 'node:cluster'
import { drainMs } from './serve.ts'

const firstWaitMs = 100
const longestWaitMs = 5000
/** Who lived so long did not die of its start. */
const settledMs = 10_000
/** After the requests under way, the stores are closed. */
const closingMs = 5000

/**
 * Keeps so many server processes, all listening on the same address: one that dies is replaced, after ever longer waits
 * while they die young. The first starts alone, so that it makes keys and store; if it cannot start, nobody does.
 * Resolves when it listens; false when everybody was told to stop before.
 */
export async function keepWorkers(
  many: number,
  log: { error(details: object, message: string): void },
): Promise<boolean> {
  // Node.js would hand each connection to a process and forget it where that one dies before it says it has it: nobody would
  // ever answer, nor close. Taken from the kernel by the processes themselves, it waits for whoever is alive.
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
  const stop = () => {
    if (stopping) return
    stopping = true
    for (const { process: child } of workers()) child.kill('SIGTERM')
    const kill = setTimeout(() => {
      for (const { process: child } of workers()) child.kill('SIGKILL')
    }, drainMs + closingMs)
    kill.unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  await start()
  for (let more = 1; more < many; more += 1) replaceIn(0)
  return !stopping
}

/** A server process that could not start, and has said why. */
export class NoWorker extends Error {}
