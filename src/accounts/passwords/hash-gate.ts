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
}

/**
 * A gate that runs at most `concurrent` works at a time, each of which is one thread of libuv's four and 19 MiB, and keeps
 * at most `waiting` more in each line. A flood of strangers fills its own line and no other.
 * @returns a gate that throws Refusal `busy` at once when the line is full
 */
export function createHashGate({ concurrent, waiting }: { concurrent: number; waiting: Record<Line, number> }) {
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
    if (queue.length >= waiting[line]) throw new Refusal('busy', `${waiting[line]} passwords wait in line ${line}`)
    arrivals += 1
    const arrival = arrivals
    await new Promise<void>((resolve) => queue.push({ arrival, enter: resolve }))
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
