import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { NetworkLimit } from '../guards/network-limit.ts'
import { actorOf } from '../login/actor.ts'
import type { RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { beginRecovery, type RecoveryStateDeps } from './recovery-state.ts'

export interface ByLinkDeps extends RecoveryStateDeps {
  recovery: Recovery
  audit: AuditLog
  /** Links that one network may open. */
  links: NetworkLimit
}

/**
 * Opens the link of an administrator. The token leaves the address bar at once. Only the form of the new password spends
 * it: programs that preview links do no harm.
 * @throws Refusal `recovery_gone`, `too_many_requests` for the network
 */
export async function recoverByLink(deps: ByLinkDeps, ctx: RouterContext): Promise<void> {
  const { recovery, audit, links } = deps
  requestOf(ctx).returnTo = '/recover'
  await links.spend(requestOf(ctx))
  const pass = await recovery.checkLink(ctx['params']['token'] ?? '')
  if (!pass) {
    await audit.record({ event: 'recovery.refused', ...actorOf(ctx), details: { by: 'link' } })
    throw new Refusal('recovery_gone', 'an unknown, used or old link')
  }
  await beginRecovery(deps, ctx, pass, '/account')
  redirectTo(ctx, '/recover/new-password')
}
