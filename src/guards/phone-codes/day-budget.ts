import { daySeconds } from '../../config/time.ts'
import type { Artifacts } from '../../storage/artifacts.ts'

/** Texts in a day over all numbers. A higher setting counts at once. */
export interface DayBudget {
  isUsed(): Promise<boolean>
  /** Counts one text. `over`: it must not be sent; `last` for the one that uses the budget up. */
  take(): Promise<{ over: boolean; last: boolean }>
}

const kind = 'text-budget'
/** Browsers that accounts know, and all others: each has a part of its own. */
export type BudgetPart = 'known' | 'stranger'
const parts: readonly BudgetPart[] = ['known', 'stranger']

const used = async (artifacts: Pick<Artifacts, 'get'>, part: BudgetPart) =>
  Number((await artifacts.get(kind, part)) ?? 0)

/** Texts of today, of both parts. */
export async function textsOfToday(artifacts: Pick<Artifacts, 'get'>): Promise<number> {
  const sums = await Promise.all(parts.map((part) => used(artifacts, part)))
  return sums.reduce((sum, one) => sum + one, 0)
}

/** Counts a text that an administrator's act has sent: it is in the sum of the day, and no limit refuses it. */
export const countNotice = async (artifacts: Pick<Artifacts, 'increment'>): Promise<void> =>
  void (await artifacts.increment(kind, 'known', daySeconds))

/** A part of the budget with a count of its own; the day begins with its first text. */
export function createDayBudget(artifacts: Artifacts, part: BudgetPart, most: number): DayBudget {
  return {
    isUsed: async () => (await used(artifacts, part)) >= most,
    async take() {
      const { count: sofar } = await artifacts.increment(kind, part, daySeconds)
      return { over: sofar > most, last: sofar === most }
    },
  }
}
