import { readFileSync } from 'node:fs'

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

export const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0

export const median = (numbers: number[]) =>
  quantile(
    [...numbers].sort((one, other) => one - other),
    0.5,
  )
