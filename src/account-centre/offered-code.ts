import { z } from 'zod'
import type { Acted } from '../accounts/mandates/mandates.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { idOf, redirectTo } from '../pages/redirect.ts'
import type { PendingActDeps } from './pending-act.ts'

export interface OfferedDeps extends PendingActDeps {
  centre: AccountHost
}

const kind = 'mandate-offered'
const shownSeconds = 600

const schema = z.object({ name: z.string(), code: z.string(), back: z.string() })

const holderOf = ({ session, person }: AccountContext, mandateId: string) => `${session.uid} ${person.id} ${mandateId}`

/** The page of a principal's mandates: an organisation's own, or the helpers of the person. */
export const pageOfPrincipal = (principalId: string, personId: string) =>
  principalId === personId ? '/account/helpers' : `/account/organisations/${principalId}`

/** After an offer: leads to the page with the code that the giver hands to the invitee. A reload offers nothing again. */
export async function leadToOffered(
  { artifacts, cipher }: PendingActDeps,
  ctx: RouterContext,
  account: AccountContext,
  { name, acted }: { name: string; acted: Acted & { ok: true } },
): Promise<void> {
  const { id, principalId } = acted.mandate
  const holder = holderOf(account, id)
  const offered = { name, code: acted.code ?? '', back: pageOfPrincipal(principalId, account.person.id) }
  const sealed = cipher.seal(JSON.stringify(offered), `${kind}:${holder}`)
  await artifacts.put(kind, holder, sealed, { ttl: shownSeconds })
  redirectTo(ctx, `/account/mandates/${id}/offered`)
}

/** The page with that code, for the session that made the offer. */
export function offeredRoute(router: AccountRouter, { artifacts, cipher, centre }: OfferedDeps): void {
  router.get('/account/mandates/:id/offered', 'sign-in', async (ctx, account) => {
    const holder = holderOf(account, idOf(ctx))
    const sealed = await artifacts.get(kind, holder)
    if (sealed === undefined) return redirectTo(ctx, '/account')
    const offered = schema.parse(JSON.parse(cipher.open(sealed, `${kind}:${holder}`)))
    return centre.show(ctx, account, 'account/mandate-offered', offered)
  })
}
