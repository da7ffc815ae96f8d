import { dayMs } from '../../config/time.ts'
import type { Settings } from '../../config/settings.ts'
import type { Services } from '../../services.ts'
import type { Finding } from './finding.ts'

/** Accounts at level 3 by a name and a number alone, and the day on which that ends (DESIGN 1.4). */
export async function oldProofs({ persons }: Services, { oldProofsUntil }: Settings, now: number): Promise<Finding[]> {
  const count = await persons.countOldProofs()
  if (count === 0) return []
  const what = 'old proofs'
  const they = `${count} accounts have level 3 by name and number alone`
  if (oldProofsUntil === undefined) {
    const todo = 'set YIDENG_OLD_PROOFS_UNTIL to the day on which they fall to level 2'
    return [{ state: 'warn', what, finding: `${they}, without an end`, todo }]
  }
  const days = Math.ceil((oldProofsUntil - now) / dayMs)
  return [{ state: 'ok', what, finding: `${they}; they fall to level 2 in ${Math.max(days, 0)} days` }]
}
