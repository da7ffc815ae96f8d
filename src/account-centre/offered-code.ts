import { z } from 'zod'
import type { Acted } from '../accounts/mandates/mandates.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { idOf, redirectTo } from '../pages/redirect.ts'
import { sessionMemory, type SessionMemoryDeps } from './session-memory.ts'

export interface OfferedDeps extends SessionMemoryDeps {
  centre: AccountHost
}

const shownSeconds = 600

const schema = z.object({ name: z.string(), code: z.string(), back: z.string() })
const offers = sessionMemory('mandate-offered', schema, shownSeconds)

/** The page of a principal's mandates: an organisation's own, or the helpers of the person. */
export const pageOfPrincipal = (principalId: string, personId: string) =>
  principalId === personId ? '/account/helpers' : `/account/organisations/${principalId}`

/** After an offer: leads to the page with the code that the giver hands to the invitee. A reload offers nothing again. */
export async function leadToOffered(
  deps: SessionMemoryDeps,
  ctx: RouterContext,
  account: AccountContext,
  { name, acted }: { name: string; acted: Acted & { ok: true } },
): Promise<void> {
  const { id, principalId } = acted.mandate
  const back = pageOfPrincipal(principalId, account.person.id)
  await offers.put(deps, account, { name, code: acted.code ?? '', back }, id)
  redirectTo(ctx, `/account/mandates/${id}/offered`)
}

/** The page with that code, for the session that made the offer. */
export function offeredRoute(router: AccountRouter, deps: OfferedDeps): void {
  router.get('/account/mandates/:id/offered', 'sign-in', async (ctx, account) => {
    const offered = await offers.read(deps, account, idOf(ctx))
    if (!offered) return redirectTo(ctx, '/account')
    return deps.centre.show(ctx, account, 'account/mandate-offered', offered)
  })
}
