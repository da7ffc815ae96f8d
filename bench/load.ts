import { cpuOf, quantile } from './process.ts'

/** What one of the browsers or clients that run at once does again and again. */
export type Again = () => Promise<void>

export interface Measured {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Milliseconds of the server's processor for each. */
  cpuMs: number
  /** The same of the load itself: on two cores it takes from what several processes could do. */
  loadMs: number
}

/** What server and load have used up to now, in milliseconds. */
function used(pid: number) {
  const { user, system } = process.cpuUsage()
  return { server: cpuOf(pid), load: (user + system) / 1000 }
}

/** How many milliseconds there are arrivals. */
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

/** A closed loop: each begins its next when the last has ended. */
export async function closedLoop(pid: number, all: readonly Again[], { ms }: Span): Promise<Measured> {
  const times: number[] = []
  const before = used(pid)
  const began = performance.now()
  await Promise.all(
    all.map(async (again) => {
      while (performance.now() - began < ms) {
        const beganOne = performance.now()
        await again()
        times.push(performance.now() - beganOne)
      }
    }),
  )
  return summary(times, began, pid, before)
}

/**
 * An open loop: arrivals at random (a Poisson process) whether the last have been answered or not, as people come. Time counts
 * from when each should have begun, so a server that stands still is charged for all who wait meanwhile.
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
    // asleep: on two cores a load that asks the clock again and again would take one of them from the server's helper threads
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
