import type { Closing } from '../accounts/closing.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountVisit, Router, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { goTo } from '../pages/going.ts'
import { showPage, visitOf } from '../pages/visit.ts'

export interface ClosingParts {
  closing: Closing
  legalPersons: LegalPersons
  mandates: Mandates
  sessions: Sessions
  /** Days to think it over. */
  closingDays: number
}

const room = '/account/closing'

/** Closing my account: what happens, typed to confirm, some days to think it over, one click to keep it. */
export function closingRoutes(router: Router, centre: AccountHost, parts: ClosingParts): void {
  const { closing, legalPersons, mandates, sessions, closingDays } = parts

  async function showRoom(ctx: RouterContext, visit: AccountVisit, problem = '') {
    const { id, closesAt } = visit.person
    const organisations = await hindering(id)
    const data = { closesAt: closesAt ?? 0, organisations, days: closingDays, problem }
    await centre.show(ctx, visit, 'account/closing', data, problem ? 400 : 200)
  }

  /** Organisations that others act for only as long as this person answers for them. */
  async function hindering(personId: string): Promise<string[]> {
    const represented = await legalPersons.represented(personId)
    const open = await Promise.all(represented.map(({ id }) => mandates.anyOpen(id)))
    return represented.filter((_one, index) => open[index]).map(({ name }) => name)
  }

  router.get(room, async (ctx) => {
    const before = await centre.visit(ctx)
    if (!before) return
    const visit = before.person.closesAt === null ? await centre.mayChangeAuthenticators(ctx) : before
    if (visit) await showRoom(ctx, visit)
  })

  router.post(room, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.mayChangeAuthenticators(ctx)
    if (!visit) return undefined
    const { form } = visitOf(ctx)
    const { id } = visit.person
    if ((await hindering(id)).length > 0) return showRoom(ctx, visit)
    const typed = (form['confirm'] ?? '').trim()
    if (typed !== visitOf(ctx).t('closing.confirm_words')) return showRoom(ctx, visit, 'closing_confirm')
    const closesAt = await closing.ask(id, actorOf(ctx))
    if (closesAt === undefined) return goTo(ctx, room)
    await sessions.removeEnded(id)
    showPage(ctx, 'account/leaving', { closesAt })
    return undefined
  })

  router.post(`${room}/keep`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    await closing.keep(visit.person.id, actorOf(ctx))
    goTo(ctx, '/account')
  })
}
