import { matterWords, mattersFor } from '../accounts/mandates/matters.ts'
import type { Acted } from '../accounts/mandates/mandates.ts'
import { usualDays, longestDays } from '../accounts/mandates/decide.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../login/method.ts'
import { redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { createMandateSigning, signPath } from './mandate-signing.ts'
import type { OrganisationDeps } from './organisations.ts'
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
export function mandateRoutes(router: Router, centre: AccountHost, deps: OrganisationDeps): void {
  const { mandates, representations, principals, blindIndex, clock } = deps
  const signing = createMandateSigning(centre, deps)

  /** Back to a page of ours that the form names; never to an address as given. */
  function goBack(ctx: RouterContext, principalId: string, own: string) {
    redirectTo(ctx, principalId === own ? '/account/helpers' : `/account/organisations/${principalId}`)
  }

  /** `wrong`: the invitation that a problem is about; none for the form that takes six digits. */
  async function showOffers(ctx: RouterContext, account: AccountContext, wrong = '', problem = '') {
    const { language } = requestOf(ctx)
    const found = await representations.offersTo(account.person)
    const offers = found.map((offer) => ({
      ...mandateData(offer.mandate, language),
      principal: offer.principalName,
      uscc: offer.uscc ?? '',
      ends: dayOf(offer.endsAt),
      problem: offer.mandate.id === wrong ? problem : '',
    }))
    await centre.show(
      ctx,
      account,
      'account/invitations',
      { offers, level: account.person.identityLevel, problem: wrong === '' ? problem : '' },
      problem ? 400 : 200,
    )
  }

  router.get('/account/invitations', async (ctx) => {
    const account = await centre.enter(ctx)
    if (account) await showOffers(ctx, account)
  })

  router.post('/account/invitations/open', async (ctx) => {
    requestOf(ctx).returnTo = '/account/invitations'
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return undefined
    const code = (requestOf(ctx).form['code'] ?? '').trim()
    if (!(await mandates.openInvitation(account.person, code, actorOf(ctx)))) {
      return showOffers(ctx, account, '', 'code_wrong')
    }
    redirectTo(ctx, '/account/invitations')
    return undefined
  })

  router.post('/account/invitations/:id/accept', async (ctx) => {
    requestOf(ctx).returnTo = '/account/invitations'
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return
    const acted = await signing.begin(ctx, account, { type: 'accept', id: idOf(ctx) })
    return acted && showAccepted(ctx, account, idOf(ctx), acted)
  })

  async function showAccepted(ctx: RouterContext, account: AccountContext, id: string, acted: Acted) {
    const [problem] = Object.values(problemsOf(acted))
    if (problem !== undefined) return showOffers(ctx, account, id, problem)
    redirectTo(
      ctx,
      acted.ok && acted.mandate.role !== 'helper'
        ? `/account/organisations/${acted.mandate.principalId}`
        : '/account/helpers',
    )
    return undefined
  }

  router.post('/account/invitations/:id/decline', async (ctx) => {
    requestOf(ctx).returnTo = '/account/invitations'
    const account = await centre.enter(ctx)
    if (!account) return
    problemsOf(await mandates.decline(idOf(ctx), account.person, actorOf(ctx)))
    redirectTo(ctx, '/account/invitations')
  })

  router.post('/account/mandates/:id/end', async (ctx) => {
    requestOf(ctx).returnTo = '/account/organisations'
    const account = await centre.enter(ctx)
    if (!account) return
    const acted = await mandates.end(idOf(ctx), account.person, actorOf(ctx))
    problemsOf(acted)
    if (!acted.ok) return
    // whoever gave back what they had may no longer see where it was
    if (acted.mandate.personId !== account.person.id) return goBack(ctx, acted.mandate.principalId, account.person.id)
    redirectTo(ctx, acted.mandate.role === 'helper' ? '/account/helpers' : '/account/organisations')
  })

  router.post('/account/mandates/:id/confirm', async (ctx) => {
    requestOf(ctx).returnTo = '/account/organisations'
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return
    const acted = await signing.begin(ctx, account, { type: 'confirm', id: idOf(ctx) })
    if (acted) showConfirmed(ctx, account, acted)
  })

  function showConfirmed(ctx: RouterContext, { person }: AccountContext, acted: Acted) {
    problemsOf(acted)
    if (acted.ok) goBack(ctx, acted.mandate.principalId, person.id)
  }

  async function signer(ctx: RouterContext) {
    requestOf(ctx).returnTo = signPath
    return centre.mayGrantMandates(ctx)
  }

  router.get(signPath, async (ctx) => {
    const account = await signer(ctx)
    if (account) await signing.show(ctx, account)
  })

  router.post(`${signPath}/options`, async (ctx) => {
    const account = await signer(ctx)
    if (account) ctx.body = await signing.options(account)
  })

  router.post(signPath, async (ctx) => {
    const account = await signer(ctx)
    const done = account && (await signing.finish(ctx, account))
    if (!done) return undefined
    const { act, acted } = done
    if (act.type === 'accept') return showAccepted(ctx, account, act.id, acted)
    if (act.type === 'confirm') return showConfirmed(ctx, account, acted)
    problemsOf(acted)
    // what the form could mend was looked at before it was signed: meanwhile something changed
    if (!acted.ok) throw new Refusal('busy', acted.problem)
    return showOffered(ctx, account, centre, { name: act.offering.invitee.name, acted })
  })

  async function showHelpers(ctx: RouterContext, account: AccountContext, problems: Record<string, string> = {}) {
    const { form, language } = requestOf(ctx)
    const own = await principals.view(account.person.id)
    const helpers = own ? await membersFor(deps, { view: own, granted: undefined }, account.person.id, language) : []
    const all = await representations.of(account.person.id)
    const helped = all
      .filter(({ view }) => view.kind === 'natural_person')
      .map((one) => ({
        ...principalData(one),
        mandates: one.view.affairs.mandates
          .filter(({ personId }) => personId === account.person.id)
          .map((mandate) => mandateData(mandate, language)),
      }))
    await centre.show(
      ctx,
      account,
      'account/helpers',
      {
        helpers,
        helped,
        level: account.person.identityLevel,
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
    const account = await centre.enter(ctx)
    if (account) await showHelpers(ctx, account)
  })

  router.post('/account/helpers', async (ctx) => {
    requestOf(ctx).returnTo = '/account/helpers'
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return
    const { form } = requestOf(ctx)
    const matters = tickedMatters('natural_person', form)
    const read = readOffer(blindIndex, form, { matters, periods })
    if (!read.ok) return showHelpers(ctx, account, read.problems)
    const now = clock()
    const offering = {
      role: 'helper' as const,
      matters,
      notBefore: now,
      expiresAt: now + read.lastsMs,
      invitee: read.invitee,
    }
    const acted = await signing.begin(ctx, account, { type: 'offer', principalId: account.person.id, offering })
    if (!acted) return undefined
    if (!acted.ok) return showHelpers(ctx, account, problemsOf(acted))
    await showOffered(ctx, account, centre, { name: read.invitee.name, acted })
    return undefined
  })
}
