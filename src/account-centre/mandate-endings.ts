import { randomUUID } from 'node:crypto'
import type { Ending } from '../accounts/mandates/mandates.ts'
import { fromRow } from '../accounts/mandates/store.ts'
import { actorOf } from '../login/actor.ts'
import type { Question } from '../login/account-router.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { idOf, redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { showRegranted } from './after-act.ts'
import { mandateData, mattersText, nameOf, type MembersDeps } from './mandate-data.ts'
import { problemsOf } from './mandate-form.ts'
import { beginAct, type SigningDeps } from './mandate-signing.ts'
import { leadToOffered, pageOfPrincipal } from './offered-code.ts'
import { forgetLost, lostUnder, rememberLost } from './undo-memory.ts'

export type EndingDeps = SigningDeps & MembersDeps

const organisations = '/account/organisations'

/** After a sign-in on the way, this page offers the same undo again. */
export const pageWithUndo = (ctx: RouterContext) =>
  `${organisations}?done=removed&undo=${encodeURIComponent(idOf(ctx))}`

/** The page from which a person ended it. A former holder may no longer see the page of its principal. */
function pageAfter({ mandate }: Pick<Ending, 'mandate'>, personId: string): string {
  if (mandate.personId !== personId) return pageOfPrincipal(mandate.principalId, personId)
  return mandate.role === 'helper' ? '/account/helpers' : organisations
}

/** What this person would end, and how pages name it; undefined where they may end nothing. */
async function endingFor(deps: EndingDeps, ctx: RouterContext, { person }: AccountContext) {
  const ending = await deps.mandates.ending(idOf(ctx), person)
  if (!ending) return undefined
  const { mandate, row } = ending
  const offered = mandate.state === 'offered'
  const name = offered && row ? deps.representations.inviteeName(row) : await nameOf(deps.persons, mandate.personId)
  return { ...ending, name, mine: mandate.personId === person.id, offered }
}

/** Asks before a mandate ends: names holder, matters and principal. @throws Refusal `not_found` */
export async function askEnd(deps: EndingDeps, ctx: RouterContext, account: AccountContext): Promise<Question> {
  const ending = await endingFor(deps, ctx, account)
  if (!ending) throw new Refusal('not_found', 'no mandate that this person may end')
  const request = requestOf(ctx)
  const data = mandateData(ending.mandate, request.language)
  const matters = mattersText(request, data)
  return {
    kind: ending.mine ? 'mandate_mine' : ending.offered ? 'offer' : 'mandate',
    values: { name: ending.name, principal: ending.principal.name, matters },
    facts: { matters, until: data.until, ...(ending.under > 0 && { under: String(ending.under) }) },
    back: pageAfter(ending, account.person.id),
  }
}

/** Ends the mandate; the page it came from reports it. The giver may take it back for some minutes. */
export async function endMandate(deps: EndingDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const { person } = account
  const before = await endingFor(deps, ctx, account)
  const acted = await deps.mandates.end(idOf(ctx), person, actorOf(ctx))
  problemsOf(acted)
  if (!acted.ok || !before) return
  const page = pageAfter(before, person.id)
  if (before.mine) return redirectTo(ctx, `${page}?done=given_back`)
  // a suspended mandate waits for a new representative: an undo must not give it again
  if (before.mandate.state === 'suspended') return redirectTo(ctx, `${page}?done=removed`)
  const { name, row, offered } = before
  const rows = acted.before ?? []
  await rememberLost(deps, account, idOf(ctx), { type: 'mandate', name, byCode: Boolean(row?.code_key), rows })
  return redirectTo(ctx, `${page}?done=${offered ? 'withdrawn' : 'removed'}&undo=${encodeURIComponent(idOf(ctx))}`)
}

/** Takes an end back: the same mandate as a new one, or the same invitation once more. Signed like every grant. */
export async function giveAgain(deps: EndingDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const lost = await lostUnder(deps, account, idOf(ctx), 'mandate')
  const [first] = lost?.rows ?? []
  if (!lost || !first) return redirectTo(ctx, `${organisations}?done=late`)
  const before = lost.rows.map(fromRow)
  if (first.state !== 'offered') {
    const acted = await beginAct(deps, ctx, account, { type: 'regrant', before, ids: before.map(() => randomUUID()) })
    if (!acted) return undefined
    await forgetLost(deps, account, idOf(ctx))
    return showRegranted(ctx, account, acted)
  }
  const { role, matters, notBefore, expiresAt, principalId } = fromRow(first)
  const invitee = { name: lost.name, key: first.invitee_key ?? '', needsCode: lost.byCode }
  const offering = { role, matters, notBefore, expiresAt, invitee }
  const acted = await beginAct(deps, ctx, account, { type: 'offer', principalId, offering })
  if (!acted) return undefined
  await forgetLost(deps, account, idOf(ctx))
  if (!acted.ok) throw new Refusal('busy', acted.problem)
  return leadToOffered(deps, ctx, account, { name: lost.name, acted })
}
