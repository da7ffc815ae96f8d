import { randomUUID } from 'node:crypto'
import { withoutInvisible } from '../text/invisible.ts'
import type { Closing } from '../accounts/closing.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { idOf, redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Artifacts } from '../storage/artifacts.ts'

export interface ClosingDeps {
  centre: AccountHost
  closing: Closing
  legalPersons: LegalPersons
  mandates: Mandates
  artifacts: Artifacts
  sessions: Sessions
  /** Days between the request and the deletion. */
  closingDays: number
}

const room = '/account/closing'
const leavingKind = 'closing-asked'
const leavingSeconds = 600

/** Closing the account: the consequences, typed confirmation, some days to reconsider, one click to keep it. */
export function closingRoutes(router: AccountRouter, deps: ClosingDeps): void {
  const { centre, closing, sessions, artifacts } = deps

  router.get(room, 'sign-in', async (ctx, before) => {
    const account = before.person.closesAt === null ? await centre.mayChangeAuthenticators(ctx) : before
    if (account) await showRoom(deps, ctx, account)
  })

  router.post(room, { back: room, needs: 'change-authenticators' }, async (ctx, account) => {
    const request = requestOf(ctx)
    const { id } = account.person
    if ((await organisationsInTheWay(deps, id)).length > 0) return showRoom(deps, ctx, account)
    const typed = withoutInvisible(request.form['confirm'] ?? '')
      .normalize('NFKC')
      .trim()
    if (typed !== request.t('closing.confirm_words')) return showRoom(deps, ctx, account, 'closing_confirm')
    const closesAt = await closing.ask(id, actorOf(ctx))
    if (closesAt === undefined) return redirectTo(ctx, room)
    await sessions.removeEnded(id)
    const page = randomUUID()
    await artifacts.put(leavingKind, page, String(closesAt), { ttl: leavingSeconds })
    return redirectTo(ctx, `${room}/asked/${page}`)
  })

  // the session has ended: the day of the closing is all that the page says
  router.open(`${room}/asked/:id`, async (ctx) => {
    const closesAt = await artifacts.get(leavingKind, idOf(ctx))
    if (closesAt === undefined) return redirectTo(ctx, '/')
    return showPage(ctx, 'account/leaving', { closesAt: Number(closesAt) })
  })

  router.post(`${room}/keep`, { back: room, needs: 'sign-in' }, async (ctx, { person }) => {
    await closing.keep(person.id, actorOf(ctx))
    redirectTo(ctx, '/account')
  })
}

async function showRoom(deps: ClosingDeps, ctx: RouterContext, account: AccountContext, problem = '') {
  const { id, closesAt } = account.person
  const organisations = await organisationsInTheWay(deps, id)
  const data = { closesAt: closesAt ?? 0, organisations, days: deps.closingDays, problem }
  await deps.centre.show(ctx, account, 'account/closing', data, problem ? 400 : 200)
}

/** Organisations that this person represents and for which others hold open mandates: they would lose them. */
async function organisationsInTheWay(
  { legalPersons, mandates }: Pick<ClosingDeps, 'legalPersons' | 'mandates'>,
  personId: string,
): Promise<string[]> {
  const represented = await legalPersons.represented(personId)
  const open = await Promise.all(represented.map(({ id }) => mandates.anyOpen(id)))
  return represented.filter((_one, index) => open[index]).map(({ name }) => name)
}
