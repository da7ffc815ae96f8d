import { randomInt } from 'node:crypto'
import { Refusal } from '../../refusal/refusal.ts'

/**
 * Who waits where, the first one served first: a browser the person has signed in with; somebody unknown of whom nothing
 * wrong was tried lately; all others.
 */
export const lines = ['known', 'quiet', 'noisy'] as const
export type Line = (typeof lines)[number]

/** Lets work through one after another, so that hashing leaves threads and memory for everything else. */
export type HashGate = <Result>(work: () => Promise<Result>, line?: Line) => Promise<Result>

/** Every so many places go to whoever waits longest, so that no line waits for ever. */
const longestEvery = 4

interface Waiting {
  arrival: number
  enter(): void
  refuse(busy: Refusal): void
}

/**
 * A gate that runs at most `concurrent` works at a time, each of which is one thread of libuv's four and 19 MiB, and keeps
 * at most `waiting` more in each line. A flood of strangers fills its own line and no other; where a line is full, one of
 * it and the newcomer is refused by lot, so who comes late in a flood has no less of a chance than who came first.
 * @param options.draw a random whole number from 0 to below its argument
 * @returns a gate that throws Refusal `busy` for whom the lot falls on
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
      // the place is handed on, not given back, so that nobody can slip in between
      const after = next()
      if (after) after.enter()
      else running -= 1
    }
  }
  const load = () => ({ running, waiting: lines.reduce((sum, line) => sum + queueOf(line).length, 0) })
  return Object.assign(gate, { load })
}
