import cluster from 'node:cluster'

const beatMs = 2000
const tickMs = 5000
/** Ticks without a beat: 30 seconds. */
const mostSilent = 6

const isBeat = (message: unknown) => typeof message === 'object' && message !== null && 'beat' in message

/** Runs in a server process: tells the supervisor that it answers. */
export function beat(): void {
  const { worker } = cluster
  if (!worker) return
  setInterval(() => worker.isConnected() && worker.send({ beat: true }), beatMs).unref()
}

/**
 * Runs in the supervisor: kills a server process that gives no answer for 30 seconds, so that it is replaced. Ticks are counted in place of
 * time: a machine that slept kills no process.
 * @param hung called once for each process that is killed
 */
export function endHung(log: { error(details: object, message: string): void }, hung: () => void): void {
  const silent = new Map<number, number>()
  cluster.on('listening', ({ id }) => silent.set(id, 0))
  cluster.on('message', ({ id }, message: unknown) => isBeat(message) && silent.has(id) && silent.set(id, 0))
  cluster.on('exit', ({ id }) => silent.delete(id))
  setInterval(() => {
    for (const [id, ticks] of silent) {
      silent.set(id, ticks + 1)
      if (ticks < mostSilent) continue
      const pid = cluster.workers?.[id]?.process.pid
      log.error({ worker: pid, seconds: (mostSilent * tickMs) / 1000 }, 'a server process hangs: it is killed')
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      if (ticks === mostSilent) hung()
    }
  }, tickMs).unref()
}
