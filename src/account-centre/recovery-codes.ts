import { codesMade } from '../accounts/account-recovery/recovery-codes.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { Clock } from '../config/clock.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { requestOf } from '../pages/request-context.ts'

const path = '/account/recovery'

/** Recovery codes (恢复码): how many are left, and ten new ones, shown once, to be printed. */
export function recoveryCodeRoutes(
  router: Router,
  centre: AccountHost,
  { recovery, clock }: { recovery: Recovery; clock: Clock },
): void {
  router.get(path, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const left = await recovery.codesLeft(account.person.id)
    await centre.show(ctx, account, 'account/recovery', { left, made: codesMade })
  })

  router.post(path, async (ctx) => {
    requestOf(ctx).returnTo = path
    const account = await centre.mayChangeAuthenticators(ctx)
    if (!account) return
    const codes = await recovery.makeCodes(account.person.id, actorOf(ctx))
    await centre.show(ctx, account, 'account/recovery-codes', { codes, made: new Date(clock()).toISOString() })
  })
}
