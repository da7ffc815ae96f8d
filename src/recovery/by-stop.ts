import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import { restSeconds } from '../accounts/account-recovery/recovery-stops.ts'
import { daySeconds } from '../config/time.ts'
import type { NetworkLimit } from '../guards/network-limit.ts'
import { actorOf } from '../login/actor.ts'
import type { RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { beginState, readRecovery, type RecoveryStateDeps } from './recovery-state.ts'

export interface ByStopDeps extends RecoveryStateDeps {
  recovery: Recovery
  sessions: Pick<Sessions, 'removeEnded'>
  /** Links that one network may open. */
  links: NetworkLimit
}

const page = '/recover/stop'
export const stoppedPage = '/recover/stopped'

/**
 * Opens the link of a notice about a recovery. The token leaves the address bar at once, and only the button spends it: programs
 * that preview links stop nothing.
 * @throws Refusal `recovery_gone`, `too_many_requests` for the network
 */
export async function openStopLink(deps: ByStopDeps, ctx: RouterContext): Promise<void> {
  requestOf(ctx).returnTo = '/recover'
  await deps.links.spend(requestOf(ctx))
  const stop = await deps.recovery.checkStop(ctx['params']['token'] ?? '')
  if (!stop) throw new Refusal('recovery_gone', 'an unknown or old link')
  if (stop.state === 'stopped') return redirectTo(ctx, stoppedPage)
  const { personId, key, recoveredAt } = stop
  await beginState(deps, ctx, { stop: { personId, key, recoveredAt }, heldUntil: null, back: '/account' })
  return redirectTo(ctx, page)
}

/** @throws Refusal `recovery_gone` where no link was opened in this browser */
async function stopHere(deps: ByStopDeps, ctx: RouterContext) {
  requestOf(ctx).returnTo = '/recover'
  const { stop } = await readRecovery(deps, ctx)
  if (!stop) throw new Refusal('recovery_gone', 'no link was opened in this browser')
  return stop
}

/** Says what the button does, to the owner and to a person who pressed the link by mistake. @throws Refusal `recovery_gone` */
export async function showStop(deps: ByStopDeps, ctx: RouterContext): Promise<void> {
  const { recoveredAt } = await stopHere(deps, ctx)
  requestOf(ctx).returnTo = page
  showPage(ctx, 'recover/stop', { recoveredAt, days: restSeconds / daySeconds, csrf: requestOf(ctx).csrf() })
}

/** @throws Refusal `recovery_gone` where the link was used in between, or the hold is over */
export async function stopByLink(deps: ByStopDeps, ctx: RouterContext): Promise<void> {
  const { recovery, sessions } = deps
  const link = await stopHere(deps, ctx)
  if (!(await recovery.stop(link, actorOf(ctx)))) throw new Refusal('recovery_gone', 'stopped before, or too late')
  await sessions.removeEnded(link.personId)
  redirectTo(ctx, stoppedPage)
}
