import { lowerLegacyWork, wrapPasswords, type WrapDeps } from '../accounts/passwords/wrap-passwords.ts'
import type { Clock } from '../config/clock.ts'
import { hourMs, minuteMs } from '../config/time.ts'
import type { Job } from './runner.ts'

/** Wraps imported password hashes, so that none of them rests as the old system made it. */
export function legacyPasswords(
  deps: WrapDeps & { clock: Clock; log: { error(details: object, message: string): void } },
): Job {
  let more = false
  const failed = (err: unknown) => deps.log.error({ err }, 'an imported password hash cannot be wrapped')
  return {
    name: 'legacy passwords',
    yields: true,
    everyMs: minuteMs,
    async run() {
      more = (await wrapPasswords(deps, failed)) > 0
    },
    nextDue: async () => (more ? deps.clock() : undefined),
  }
}

/** After the last imported hash of a costly algorithm was replaced, password checks take less time again. */
export const legacyWork = (deps: Pick<WrapDeps, 'database' | 'cipher'>): Job => ({
  name: 'legacy password work',
  yields: true,
  everyMs: hourMs,
  run: () => lowerLegacyWork(deps),
})
