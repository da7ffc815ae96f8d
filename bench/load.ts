import { cpuOf, quantile } from './process.ts'

/** The repeated operation of one concurrent browser or client. */
export type Again = () => Promise<void>

export interface Measured {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** CPU milliseconds of the server for each operation. */
  cpuMs: number
  /** CPU milliseconds of the load itself; on two cores it competes with several server processes. */
  loadMs: number
}

/** CPU time of server and load until now, in milliseconds. */
function used(pid: number) {
  const { user, system } = process.cpuUsage()
  return { server: cpuOf(pid), load: (user + system) / 1000 }
}

/** Time of arrivals, in milliseconds. */
interface Span {
  ms: number
}

function summary(times: number[], began: number, pid: number, before: ReturnType<typeof used>): Measured {
  const elapsed = performance.now() - began
  const now = used(pid)
  times.sort((one, other) => one - other)
  return {
    perSecond: (times.length / elapsed) * 1000,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpuMs: (now.server - before.server) / times.length,
    loadMs: (now.load - before.load) / times.length,
  }
}

/** A closed loop: each client starts its next operation when the last one has ended. It ends by time or by number. */
export async function closedLoop(
  pid: number,
  all: readonly Again[],
  end: Span | { operations: number },
): Promise<Measured> {
  const times: number[] = []
  const before = used(pid)
  const began = performance.now()
  let left = 'operations' in end ? end.operations : Infinity
  const goesOn = () => ('ms' in end ? performance.now() - began < end.ms : left-- > 0)
  await Promise.all(
    all.map(async (again) => {
      while (goesOn()) {
        const beganOne = performance.now()
        await again()
        times.push(performance.now() - beganOne)
      }
    }),
  )
  return summary(times, began, pid, before)
}

/**
 * An open loop: operations arrive at random (a Poisson process), independent of earlier answers. Time counts from the
 * planned start. So a stalled server is charged for every waiting operation.
 */
export async function openLoop(
  pid: number,
  all: readonly Again[],
  { ms, perSecond }: Span & { perSecond: number },
): Promise<Measured> {
  const times: number[] = []
  const underWay: Promise<void>[] = []
  const before = used(pid)
  const began = performance.now()
  let due = began
  let next = 0
  const arrive = async (again: Again, shouldHaveBegun: number) => {
    await again()
    times.push(performance.now() - shouldHaveBegun)
  }
  while (due - began < ms) {
    // Sleeps, because a busy loop would take a core from the helper threads of the server.
    for (let left = due - performance.now(); left > 0; left = due - performance.now())
      await new Promise((resolve) => setTimeout(resolve, left))
    const again = all[next % all.length]
    if (again) underWay.push(arrive(again, due))
    next += 1
    due += (-Math.log(1 - Math.random()) * 1000) / perSecond
  }
  await Promise.all(underWay)
  return summary(times, began, pid, before)
}
