import type { Acted } from '../accounts/mandates/mandates.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import { showInvitations, type InvitationDeps } from './invitation-page.ts'
import { problemsOf } from './mandate-form.ts'
import { pageOfPrincipal } from './offered-code.ts'

/** After the acceptance of an invitation: the page of the principal, or the invitations with the problem. */
export async function showAccepted(
  deps: InvitationDeps,
  ctx: RouterContext,
  account: AccountContext,
  id: string,
  acted: Acted,
): Promise<void> {
  const [problem] = Object.values(problemsOf(acted))
  if (problem !== undefined) return showInvitations(deps, ctx, account, { of: id, problem })
  const joined = acted.ok && acted.mandate.role !== 'helper'
  return redirectTo(ctx, joined ? `/account/organisations/${acted.mandate.principalId}` : '/account/helpers')
}

/**
 * After the confirmation of a suspended mandate: the page of its principal.
 * @throws Refusal `not_found`, `busy`
 */
export function showConfirmed(ctx: RouterContext, { person }: AccountContext, acted: Acted): void {
  problemsOf(acted)
  if (acted.ok) redirectTo(ctx, pageOfPrincipal(acted.mandate.principalId, person.id))
}

/**
 * After an end was taken back: the page of the principal, with a word.
 * @throws Refusal `not_found`, `busy`
 */
export function showRegranted(ctx: RouterContext, { person }: AccountContext, acted: Acted): void {
  // the holder has a mandate again, or the giver may give none any more
  if (!acted.ok) throw new Refusal(acted.problem === 'changed' ? 'busy' : 'not_found', acted.problem)
  redirectTo(ctx, `${pageOfPrincipal(acted.mandate.principalId, person.id)}?done=regranted`)
}
