import { codesMade } from '../accounts/recovery/codes.ts'
import type { Recovery } from '../accounts/recovery/recovery.ts'
import type { Clock } from '../config/clock.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { visitOf } from '../pages/visit.ts'

const path = '/account/recovery'

/** Recovery codes (恢复码): how many are left, and ten new ones, shown once, to be printed. */
export function recoveryCodeRoutes(
  router: Router,
  centre: AccountHost,
  { recovery, clock }: { recovery: Recovery; clock: Clock },
): void {
  router.get(path, async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const left = await recovery.codesLeft(visit.person.id)
    await centre.show(ctx, visit, 'account/recovery', { left, made: codesMade })
  })

  router.post(path, async (ctx) => {
    visitOf(ctx).back = path
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (!visit) return
    const codes = await recovery.makeCodes(visit.person.id, actorOf(ctx))
    await centre.show(ctx, visit, 'account/recovery-codes', { codes, made: new Date(clock()).toISOString() })
  })
}
