import type { Closing } from '../accounts/closing.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'

export interface ClosingDeps {
  closing: Closing
  legalPersons: LegalPersons
  mandates: Mandates
  sessions: Sessions
  /** Days to think it over. */
  closingDays: number
}

const room = '/account/closing'

/** Closing my account: what happens, typed to confirm, some days to think it over, one click to keep it. */
export function closingRoutes(router: Router, centre: AccountHost, deps: ClosingDeps): void {
  const { closing, legalPersons, mandates, sessions, closingDays } = deps

  async function showRoom(ctx: RouterContext, account: AccountContext, problem = '') {
    const { id, closesAt } = account.person
    const organisations = await hindering(id)
    const data = { closesAt: closesAt ?? 0, organisations, days: closingDays, problem }
    await centre.show(ctx, account, 'account/closing', data, problem ? 400 : 200)
  }

  /** Organisations that others act for only as long as this person answers for them. */
  async function hindering(personId: string): Promise<string[]> {
    const represented = await legalPersons.represented(personId)
    const open = await Promise.all(represented.map(({ id }) => mandates.anyOpen(id)))
    return represented.filter((_one, index) => open[index]).map(({ name }) => name)
  }

  router.get(room, async (ctx) => {
    const before = await centre.enter(ctx)
    if (!before) return
    const account = before.person.closesAt === null ? await centre.mayChangeAuthenticators(ctx) : before
    if (account) await showRoom(ctx, account)
  })

  router.post(room, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.mayChangeAuthenticators(ctx)
    if (!account) return undefined
    const { form } = requestOf(ctx)
    const { id } = account.person
    if ((await hindering(id)).length > 0) return showRoom(ctx, account)
    const typed = (form['confirm'] ?? '').trim()
    if (typed !== requestOf(ctx).t('closing.confirm_words')) return showRoom(ctx, account, 'closing_confirm')
    const closesAt = await closing.ask(id, actorOf(ctx))
    if (closesAt === undefined) return redirectTo(ctx, room)
    await sessions.removeEnded(id)
    showPage(ctx, 'account/leaving', { closesAt })
    return undefined
  })

  router.post(`${room}/keep`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    await closing.keep(account.person.id, actorOf(ctx))
    redirectTo(ctx, '/account')
  })
}
