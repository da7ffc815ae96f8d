import { cpuOf, quantile } from './process.ts'

export interface Measured {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Of the server's processor, for one. */
  cpuMs: number
}

/** A closed loop: each begins its next when the last has ended, for so many milliseconds; `pid` is the server's. */
export async function closedLoop(pid: number, all: readonly (() => Promise<void>)[], ms: number): Promise<Measured> {
  const times: number[] = []
  const cpuBefore = cpuOf(pid)
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
  const elapsed = performance.now() - began
  times.sort((one, other) => one - other)
  return {
    perSecond: (times.length / elapsed) * 1000,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpuMs: (cpuOf(pid) - cpuBefore) / times.length,
  }
}
