import type { Representations } from '../accounts/mandates/representations.ts'
import { dayOf } from '../config/china-time.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { requestOf } from '../pages/request-context.ts'
import { mandateData } from './mandate-data.ts'
import { mandateDone } from './mandate-done.ts'
import type { SessionMemoryDeps } from './session-memory.ts'

export interface InvitationDeps extends SessionMemoryDeps {
  centre: AccountHost
  representations: Representations
}

/** Shows the invitations to this person. `wrong.of` is the invitation with the problem, '' for the form that takes a code. */
export async function showInvitations(
  deps: InvitationDeps,
  ctx: RouterContext,
  account: AccountContext,
  wrong: { of: string; problem: string } = { of: '', problem: '' },
): Promise<void> {
  const { centre, representations } = deps
  const { language } = requestOf(ctx)
  const found = await representations.offersTo(account.person)
  const offers = found.map((offer) => ({
    ...mandateData(offer.mandate, language),
    principal: offer.principalName,
    uscc: offer.uscc ?? '',
    ends: dayOf(offer.endsAt),
    problem: offer.mandate.id === wrong.of ? wrong.problem : '',
  }))
  const acted = await mandateDone(deps, ctx, account)
  const data = { acted, offers, level: account.person.identityLevel, problem: wrong.of === '' ? wrong.problem : '' }
  await centre.show(ctx, account, 'account/invitations', data, wrong.problem ? 400 : 200)
}
