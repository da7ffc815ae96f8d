import { randomInt } from 'node:crypto'
import { Refusal } from '../../refusal/refusal.ts'

/**
 * The queues, by priority. `known`: the person has signed in with this browser before. `quiet`: a stranger without recent failed
 * tries. `noisy`: all others.
 */
export const lines = ['known', 'quiet', 'noisy'] as const
export type Line = (typeof lines)[number]

/** Limits parallel work, so that hashing leaves threads and memory for the rest. */
export type HashGate = <Result>(work: () => Promise<Result>, line?: Line) => Promise<Result>

/** Every fourth place goes to the longest waiting work, so that no queue starves. */
const longestEvery = 4

interface Waiting {
  arrival: number
  enter(): void
  refuse(busy: Refusal): void
}

/**
 * Runs at most `concurrent` works at a time: each takes one of libuv's four threads and 19 MiB. `waiting` more wait in each
 * queue. A flood of strangers fills its own queue only. A full queue refuses a random one of its works and the new one: late
 * requests have the same chance as early ones.
 * @param options.draw a random integer from 0 to below its argument.
 * @returns a gate that throws Refusal `busy` for refused work
 */
export function createHashGate(options: {
  concurrent: number
  waiting: Record<Line, number>
  draw?: (below: number) => number
}) {
  const { concurrent, waiting, draw = randomInt } = options
  const queues = new Map<Line, Waiting[]>(lines.map((line) => [line, []]))
  const queueOf = (line: Line) => queues.get(line) ?? []
  let running = 0
  let arrivals = 0
  let places = 0

  function next(): Waiting | undefined {
    const occupied = lines.map(queueOf).filter((queue) => queue.length > 0)
    places += 1
    const arrivalOf = (queue: Waiting[]) => queue[0]?.arrival ?? Infinity
    const longest = () => occupied.toSorted((one, other) => arrivalOf(one) - arrivalOf(other))[0]
    return (places % longestEvery === 0 ? longest() : occupied[0])?.shift()
  }

  async function enter(line: Line): Promise<void> {
    if (running < concurrent) {
      running += 1
      return
    }
    const queue = queueOf(line)
    const busy = new Refusal('busy', `${waiting[line]} passwords wait in line ${line}`)
    if (queue.length >= waiting[line]) {
      const [drawn] = queue.splice(draw(queue.length + 1), 1)
      if (!drawn) throw busy
      drawn.refuse(busy)
    }
    arrivals += 1
    const arrival = arrivals
    await new Promise<void>((resolve, reject) => queue.push({ arrival, enter: resolve, refuse: reject }))
  }

  const gate: HashGate = async (work, line = 'quiet') => {
    await enter(line)
    try {
      return await work()
    } finally {
      // the place goes directly to the next one, so that no new work can take it in between
      const after = next()
      if (after) after.enter()
      else running -= 1
    }
  }
  const load = () => ({ running, waiting: lines.reduce((sum, line) => sum + queueOf(line).length, 0) })
  return Object.assign(gate, { load })
}
