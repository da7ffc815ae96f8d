import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import type { Job } from './runner.ts'

/**
 * Ends accounts at level 3 that rest on a name and a number alone, once their time is over.
 * @param until milliseconds since 1970 UTC; undefined: they stay
 */
export const oldProofs = (deps: {
  persons: Pick<NaturalPersons, 'endOldProofs'>
  clock: Clock
  until: number | undefined
}): Job => ({
  name: 'old proofs',
  everyMs: minuteMs,
  async run() {
    if (deps.until === undefined || deps.clock() < deps.until) return
    while ((await deps.persons.endOldProofs()) > 0);
  },
})
