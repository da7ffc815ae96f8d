import { daySeconds } from '../../config/time.ts'
import type { Artifacts } from '../../storage/artifacts.ts'

/** Texts in a day over all numbers. A higher setting counts at once. */
export interface DayBudget {
  isUsed(): Promise<boolean>
  /** Counts one text. `over`: it must not be sent; `last` for the one that uses the budget up. */
  take(): Promise<{ over: boolean; last: boolean }>
}

const kind = 'text-budget'

/** A part of the budget with a count of its own; the day begins with its first text. */
export function createDayBudget(artifacts: Artifacts, part: string, most: number): DayBudget {
  return {
    isUsed: async () => Number((await artifacts.get(kind, part)) ?? 0) >= most,
    async take() {
      const { count: sofar } = await artifacts.increment(kind, part, daySeconds)
      return { over: sofar > most, last: sofar === most }
    },
  }
}
