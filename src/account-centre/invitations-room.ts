import { toAscii } from '../accounts/identifiers/ascii.ts'
import type { AccountRouter, Question } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { showAccepted } from './after-act.ts'
import { showInvitations, type InvitationDeps } from './invitation-page.ts'
import { Refusal } from '../refusal/refusal.ts'
import { mandateData, mattersText } from './mandate-data.ts'
import { problemsOf } from './mandate-form.ts'
import { beginAct, type SigningDeps } from './mandate-signing.ts'

const room = '/account/invitations'

/** Mandates offered to the person: open one by its code, accept, decline. */
export function invitationRoutes(router: AccountRouter, deps: InvitationDeps & SigningDeps): void {
  const { mandates } = deps

  router.get(room, 'sign-in', (ctx, account) => showInvitations(deps, ctx, account))

  router.post(`${room}/open`, { back: room, needs: 'grant-mandates' }, async (ctx, account) => {
    const code = toAscii(requestOf(ctx).form['code'] ?? '')?.replaceAll(/[ -]/g, '') ?? ''
    if (await mandates.openInvitation(account.person, code, actorOf(ctx))) return redirectTo(ctx, room)
    return showInvitations(deps, ctx, account, { of: '', problem: 'code_wrong' })
  })

  router.post(`${room}/:id/accept`, { back: room, needs: 'grant-mandates' }, async (ctx, account) => {
    const acted = await beginAct(deps, ctx, account, { type: 'accept', id: idOf(ctx) })
    if (acted) await showAccepted(deps, ctx, account, idOf(ctx), acted)
  })

  async function ask(ctx: RouterContext, { person }: AccountContext): Promise<Question> {
    const offer = (await deps.representations.offersTo(person)).find(({ mandate }) => mandate.id === idOf(ctx))
    if (!offer) throw new Refusal('not_found', 'no invitation to this person')
    const request = requestOf(ctx)
    const data = mandateData(offer.mandate, request.language)
    const facts = { matters: mattersText(request, data), until: data.until }
    return { kind: 'decline', values: { principal: offer.principalName }, facts }
  }

  router.lose(`${room}/:id/decline`, { back: room, needs: 'reduce', ask }, async (ctx, { person }) => {
    problemsOf(await mandates.decline(idOf(ctx), person, actorOf(ctx)))
    redirectTo(ctx, `${room}?done=declined`)
  })
}
