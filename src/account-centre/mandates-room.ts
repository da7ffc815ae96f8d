import type { AccountRouter } from '../login/account-router.ts'
import { idOf } from '../pages/redirect.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { Refusal } from '../refusal/refusal.ts'
import { showAccepted, showConfirmed, showRegranted } from './after-act.ts'
import type { InvitationDeps } from './invitation-page.ts'
import { askEnd, endMandate, giveAgain, pageWithUndo, type EndingDeps } from './mandate-endings.ts'
import { problemsOf } from './mandate-form.ts'
import { beginAct, finishAct, showPendingAct, signingOptions, signPath, type SigningDeps } from './mandate-signing.ts'
import { leadToOffered, offeredRoute } from './offered-code.ts'
import { leadWhereSigned, rememberSigned } from './pending-act.ts'

type MandateDeps = InvitationDeps & SigningDeps & EndingDeps

/** Acts on one mandate: end it, confirm it after a suspension; and the page that asks for the signature of an act. */
export function mandateRoutes(router: AccountRouter, deps: MandateDeps): void {
  const organisations = '/account/organisations'
  const toGrant = { back: organisations, needs: 'grant-mandates' } as const

  router.lose(
    '/account/mandates/:id/end',
    { back: organisations, needs: 'reduce', ask: (ctx, account) => askEnd(deps, ctx, account) },
    (ctx, account) => endMandate(deps, ctx, account),
  )

  router.post('/account/mandates/:id/again', { ...toGrant, back: pageWithUndo }, (ctx, account) =>
    giveAgain(deps, ctx, account),
  )

  router.post('/account/mandates/:id/confirm', toGrant, async (ctx, account) => {
    const acted = await beginAct(deps, ctx, account, { type: 'confirm', id: idOf(ctx) })
    if (acted) showConfirmed(ctx, account, acted)
  })

  offeredRoute(router, deps)

  router.get(signPath, 'grant-mandates', async (ctx, account) => {
    if (!(await leadWhereSigned(deps, ctx, account))) await showPendingAct(deps, ctx, account, false)
  })

  router.post(`${signPath}/options`, { back: signPath, needs: 'grant-mandates' }, async (ctx, account) => {
    ctx.body = await signingOptions(deps, account)
  })

  router.post(signPath, { back: signPath, needs: 'grant-mandates' }, async (ctx, account) => {
    await sign(deps, ctx, account)
    await rememberSigned(deps, ctx, account)
  })
}

async function sign(deps: MandateDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const done = await finishAct(deps, ctx, account)
  if (!done) return undefined
  const { act, acted } = done
  if (act.type === 'accept') return showAccepted(deps, ctx, account, act.id, acted)
  if (act.type === 'confirm') return showConfirmed(ctx, account, acted)
  if (act.type === 'regrant') return showRegranted(ctx, account, acted)
  problemsOf(acted)
  // the form had been checked before the signature: the mandate or its principal has changed since
  if (!acted.ok) throw new Refusal('busy', acted.problem)
  return leadToOffered(deps, ctx, account, { name: act.offering.invitee.name, acted })
}
