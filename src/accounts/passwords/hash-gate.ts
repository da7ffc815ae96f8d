import { Refusal } from '../../refusal/refusal.ts'

/** Lets work through one after another, so that hashing leaves threads and memory for everything else. */
export type HashGate = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * A gate that runs at most `concurrent` works at a time, each of which is one thread of libuv's four and 19 MiB, and keeps
 * at most `waiting` more in line, first come first served.
 * @returns a gate that throws Refusal `busy` at once when the line is full
 */
export function createHashGate({ concurrent, waiting }: { concurrent: number; waiting: number }) {
  const line: (() => void)[] = []
  let running = 0

  const gate: HashGate = async (work) => {
    if (running < concurrent) running += 1
    else if (line.length < waiting) await new Promise<void>((enter) => line.push(enter))
    else throw new Refusal('busy', `${waiting} passwords are waiting to be hashed`)
    try {
      return await work()
    } finally {
      // the place is handed on, not given back, so that nobody can slip in between
      const next = line.shift()
      if (next) next()
      else running -= 1
    }
  }
  return Object.assign(gate, { load: () => ({ running, waiting: line.length }) })
}
