import { codesMade } from '../accounts/account-recovery/recovery-codes.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'

export interface RecoveryCodeDeps {
  centre: AccountHost
  recovery: Recovery
  clock: Clock
}

const path = '/account/recovery'

/** Recovery codes (恢复码): the number left, and ten new ones, shown once for printing. */
export function recoveryCodeRoutes(router: AccountRouter, { centre, recovery, clock }: RecoveryCodeDeps): void {
  router.get(path, 'sign-in', async (ctx, account) => {
    const left = await recovery.codesLeft(account.person.id)
    await centre.show(ctx, account, 'account/recovery', { left, made: codesMade })
  })

  router.post(path, { back: path, needs: 'change-authenticators' }, async (ctx, account) => {
    const codes = await recovery.makeCodes(account.person.id, actorOf(ctx))
    await centre.show(ctx, account, 'account/recovery-codes', { codes, made: new Date(clock()).toISOString() })
  })
}
