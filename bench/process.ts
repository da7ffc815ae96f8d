import { existsSync, readFileSync, rmSync } from 'node:fs'

/** A process and its children, such as the workers of a server. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.map(Number).flatMap(family)]
}

/** User and system time in milliseconds (proc(5), ticks of 10 ms). */
export function cpuOf(pid: number): number {
  const ticks = family(pid).map((one) => {
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, one) => sum + one, 0) * 10
}

export function megabytesOf(pid: number): number {
  const kilobytes = family(pid).map((one) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1]),
  )
  return Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1024)
}

/** Flags of a server that answers `collected`; `BENCH_MEMORY` in its environment names the file. */
export const collecting = ['--expose-gc', `--import=${new URL('memory-probe.mjs', import.meta.url).href}`]

/** Memory of a server in bytes, after a full garbage collection (memory-probe.mjs). */
export async function collected(pid: number, file: string) {
  process.kill(pid, 'SIGUSR2')
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const found = JSON.parse(readFileSync(file, 'utf8')) as { rss: number; heapUsed: number; external: number }
  rmSync(file)
  return found
}

export const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0

export const median = (numbers: number[]) =>
  quantile(
    [...numbers].sort((one, other) => one - other),
    0.5,
  )
