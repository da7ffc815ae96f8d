import { matterWords, mattersFor } from '../accounts/mandates/matters.ts'
import type { Acted } from '../accounts/mandates/mandates.ts'
import { usualDays, longestDays } from '../accounts/mandates/decide.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountVisit, Router, RouterContext } from '../login/method.ts'
import { goTo, idOf } from '../pages/going.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { createMandateSigning, signPath } from './mandate-signing.ts'
import type { OrganisationParts } from './organisations.ts'
import {
  dayOf,
  mandateData,
  membersFor,
  principalData,
  problemsOf,
  readOffer,
  showOffered,
  tickedMatters,
} from './mandate-pages.ts'

const periods = ['7', String(usualDays.natural_person), String(longestDays.natural_person)]

/** Mandates offered to me, those I hold or gave, and the relatives I help or who help me (亲友代办). */
export function mandateRoutes(router: Router, centre: AccountHost, parts: OrganisationParts): void {
  const { mandates, representations, principals, blindIndex, clock } = parts
  const signing = createMandateSigning(centre, parts)

  /** Back to a page of ours that the form names; never to an address as given. */
  function goBack(ctx: RouterContext, principalId: string, own: string) {
    goTo(ctx, principalId === own ? '/account/helpers' : `/account/organisations/${principalId}`)
  }

  /** `wrong`: the invitation that a problem is about; none for the form that takes six digits. */
  async function showOffers(ctx: RouterContext, visit: AccountVisit, wrong = '', problem = '') {
    const { language } = visitOf(ctx)
    const found = await representations.offersTo(visit.person)
    const offers = found.map((offer) => ({
      ...mandateData(offer.mandate, language),
      principal: offer.principalName,
      uscc: offer.uscc ?? '',
      ends: dayOf(offer.endsAt),
      problem: offer.mandate.id === wrong ? problem : '',
    }))
    await centre.show(
      ctx,
      visit,
      'account/invitations',
      { offers, level: visit.person.identityLevel, problem: wrong === '' ? problem : '' },
      problem ? 400 : 200,
    )
  }

  router.get('/account/invitations', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (visit) await showOffers(ctx, visit)
  })

  router.post('/account/invitations/open', async (ctx) => {
    visitOf(ctx).back = '/account/invitations'
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return undefined
    const code = (visitOf(ctx).form['code'] ?? '').trim()
    if (!(await mandates.openInvitation(visit.person, code, actorOf(ctx)))) {
      return showOffers(ctx, visit, '', 'code_wrong')
    }
    goTo(ctx, '/account/invitations')
    return undefined
  })

  router.post('/account/invitations/:id/accept', async (ctx) => {
    visitOf(ctx).back = '/account/invitations'
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return
    const acted = await signing.begin(ctx, visit, { type: 'accept', id: idOf(ctx) })
    return acted && showAccepted(ctx, visit, idOf(ctx), acted)
  })

  async function showAccepted(ctx: RouterContext, visit: AccountVisit, id: string, acted: Acted) {
    const [problem] = Object.values(problemsOf(acted))
    if (problem !== undefined) return showOffers(ctx, visit, id, problem)
    goTo(
      ctx,
      acted.ok && acted.mandate.role !== 'helper'
        ? `/account/organisations/${acted.mandate.principalId}`
        : '/account/helpers',
    )
    return undefined
  }

  router.post('/account/invitations/:id/decline', async (ctx) => {
    visitOf(ctx).back = '/account/invitations'
    const visit = await centre.visit(ctx)
    if (!visit) return
    problemsOf(await mandates.decline(idOf(ctx), visit.person, actorOf(ctx)))
    goTo(ctx, '/account/invitations')
  })

  router.post('/account/mandates/:id/end', async (ctx) => {
    visitOf(ctx).back = '/account/organisations'
    const visit = await centre.visit(ctx)
    if (!visit) return
    const acted = await mandates.end(idOf(ctx), visit.person, actorOf(ctx))
    problemsOf(acted)
    if (!acted.ok) return
    // whoever gave back what they had may no longer see where it was
    if (acted.mandate.personId !== visit.person.id) return goBack(ctx, acted.mandate.principalId, visit.person.id)
    goTo(ctx, acted.mandate.role === 'helper' ? '/account/helpers' : '/account/organisations')
  })

  router.post('/account/mandates/:id/confirm', async (ctx) => {
    visitOf(ctx).back = '/account/organisations'
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return
    const acted = await signing.begin(ctx, visit, { type: 'confirm', id: idOf(ctx) })
    if (acted) showConfirmed(ctx, visit, acted)
  })

  function showConfirmed(ctx: RouterContext, { person }: AccountVisit, acted: Acted) {
    problemsOf(acted)
    if (acted.ok) goBack(ctx, acted.mandate.principalId, person.id)
  }

  async function signer(ctx: RouterContext) {
    visitOf(ctx).back = signPath
    return centre.mayGrantMandates(ctx)
  }

  router.get(signPath, async (ctx) => {
    const visit = await signer(ctx)
    if (visit) await signing.show(ctx, visit)
  })

  router.post(`${signPath}/options`, async (ctx) => {
    const visit = await signer(ctx)
    if (visit) ctx.body = await signing.options(visit)
  })

  router.post(signPath, async (ctx) => {
    const visit = await signer(ctx)
    const done = visit && (await signing.finish(ctx, visit))
    if (!done) return undefined
    const { act, acted } = done
    if (act.type === 'accept') return showAccepted(ctx, visit, act.id, acted)
    if (act.type === 'confirm') return showConfirmed(ctx, visit, acted)
    problemsOf(acted)
    // what the form could mend was looked at before it was signed: meanwhile something changed
    if (!acted.ok) throw new Refusal('busy', acted.problem)
    return showOffered(ctx, visit, centre, { name: act.offering.invitee.name, acted })
  })

  async function showHelpers(ctx: RouterContext, visit: AccountVisit, problems: Record<string, string> = {}) {
    const { form, language } = visitOf(ctx)
    const own = await principals.view(visit.person.id)
    const helpers = own ? await membersFor(parts, { view: own, granted: undefined }, visit.person.id, language) : []
    const all = await representations.of(visit.person.id)
    const helped = all
      .filter(({ view }) => view.kind === 'natural_person')
      .map((one) => ({
        ...principalData(one),
        mandates: one.view.affairs.mandates
          .filter(({ personId }) => personId === visit.person.id)
          .map((mandate) => mandateData(mandate, language)),
      }))
    await centre.show(
      ctx,
      visit,
      'account/helpers',
      {
        helpers,
        helped,
        level: visit.person.identityLevel,
        matters: mattersFor('natural_person').map((name) => ({ name, words: matterWords(name, language) })),
        ticked: tickedMatters('natural_person', form),
        periods,
        values: {
          name: form['name'] ?? '',
          contact: form['contact'] ?? '',
          days: form['days'] ?? String(usualDays.natural_person),
        },
        problems,
      },
      Object.keys(problems).length > 0 ? 400 : 200,
    )
  }

  router.get('/account/helpers', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (visit) await showHelpers(ctx, visit)
  })

  router.post('/account/helpers', async (ctx) => {
    visitOf(ctx).back = '/account/helpers'
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return
    const { form } = visitOf(ctx)
    const matters = tickedMatters('natural_person', form)
    const read = readOffer(blindIndex, form, { matters, periods })
    if (!read.ok) return showHelpers(ctx, visit, read.problems)
    const now = clock()
    const offering = {
      role: 'helper' as const,
      matters,
      notBefore: now,
      expiresAt: now + read.lastsMs,
      invitee: read.invitee,
    }
    const acted = await signing.begin(ctx, visit, { type: 'offer', principalId: visit.person.id, offering })
    if (!acted) return undefined
    if (!acted.ok) return showHelpers(ctx, visit, problemsOf(acted))
    await showOffered(ctx, visit, centre, { name: read.invitee.name, acted })
    return undefined
  })
}
