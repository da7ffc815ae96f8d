import { removeOldStops } from '../accounts/account-recovery/recovery-stops.ts'
import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import type { Database } from '../storage/database.ts'
import type { Job } from './runner.ts'

/** Removes the means to stop a recovery once its hold is over, and with them the former password. */
export const recoveryStops = (deps: { database: Database; clock: Clock }): Job => ({
  name: 'recovery stops',
  everyMs: 10 * minuteMs,
  run: () => removeOldStops(deps),
})
