import { z } from 'zod'
import { codesMade } from '../accounts/account-recovery/recovery-codes.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { doneOf, redirectTo } from '../pages/redirect.ts'
import { sessionMemory, type SessionMemoryDeps } from './session-memory.ts'

export interface RecoveryCodeDeps extends SessionMemoryDeps {
  centre: AccountHost
  recovery: Recovery
  clock: Clock
}

const path = '/account/recovery'
/** Seconds between the making of codes and the page that shows them. */
const waitSeconds = 300

const madeSchema = z.object({ codes: z.array(z.string()), made: z.string() })
const newCodes = sessionMemory('new-recovery-codes', madeSchema, waitSeconds)

/** Recovery codes (恢复码): the number left, and ten new ones, shown once. Only a form makes new ones, never a reload. */
export function recoveryCodeRoutes(router: AccountRouter, deps: RecoveryCodeDeps): void {
  const { centre, recovery } = deps

  router.get(path, 'sign-in', async (ctx, account) => {
    const left = await recovery.codesLeft(account.person.id)
    await centre.show(ctx, account, 'account/recovery', { left, made: codesMade, done: doneOf(ctx, ['shown']) })
  })

  // a form that is sent twice must not end the codes that were written down in between
  router.post(path, { back: path, needs: 'change-authenticators' }, async (ctx, account) => {
    if ((await recovery.codesLeft(account.person.id)) > 0) return redirectTo(ctx, `${path}/renew`)
    return make(deps, ctx, account)
  })

  const ask = async (_ctx: RouterContext, { person }: AccountContext) => ({
    kind: 'codes',
    values: { left: await recovery.codesLeft(person.id) },
  })
  router.lose(`${path}/renew`, { back: path, needs: 'change-authenticators', ask }, (ctx, account) =>
    make(deps, ctx, account),
  )

  router.get(`${path}/codes`, 'sign-in', async (ctx, account) => {
    const made = await newCodes.take(deps, account)
    if (made) await centre.show(ctx, account, 'account/recovery-codes', made)
    else redirectTo(ctx, `${path}?done=shown`)
  })
}

async function make(deps: RecoveryCodeDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const codes = await deps.recovery.makeCodes(account.person.id, actorOf(ctx))
  await newCodes.put(deps, account, { codes, made: new Date(deps.clock()).toISOString() })
  redirectTo(ctx, `${path}/codes`)
}
