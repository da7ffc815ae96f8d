import { parseCreditCode, organisationKind } from '../accounts/identifiers/gb32100.ts'
import type { Level } from '../assurance/levels.ts'
import { matterWords, everything } from '../accounts/mandates/matters.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { AccountHost, AccountVisit, Router, RouterContext } from '../login/method.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { goTo, idOf } from '../pages/going.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { actorOf } from '../login/host.ts'
import {
  beginningOf,
  dayOf,
  givable,
  membersFor,
  minuteOf,
  nameOf,
  principalData,
  problemsOf,
  readOffer,
  showOffered,
  tickedMatters,
  type PageParts,
} from './mandate-pages.ts'
import { createMandateSigning, type SigningParts } from './mandate-signing.ts'

export interface OrganisationParts extends PageParts, SigningParts {
  legalPersons: LegalPersons
  principals: Principals
  blindIndex: BlindIndex
  audit: AuditTrail
  /** Level a sign-in needs to open an organisation. */
  organisationLevel: Level
}

const periods = ['30', '90', '180', '365', '1095']
const historyShown = 100

/** My organisations: what I may do for which, opening one, its members and their mandates, its history. */
export function organisationRoutes(router: Router, centre: AccountHost, parts: OrganisationParts): void {
  const { legalPersons, representations, persons, blindIndex, audit, organisationLevel, clock } = parts

  const signing = createMandateSigning(centre, parts)

  /** @throws Refusal `not_found`, the same for an organisation that is not there and one the person is nothing to */
  async function mine(ctx: RouterContext, { person }: AccountVisit) {
    const found = await representations.find(person.id, idOf(ctx))
    return found?.view.kind === 'legal_person' ? found : refuse(ctx, person.id)
  }

  async function refuse(ctx: RouterContext, personId: string): Promise<never> {
    const about = { event: 'organisation.refused', ...actorOf(ctx), personId } as const
    await audit.record({ ...about, details: { problem: 'not_found' } })
    throw new Refusal('not_found')
  }

  async function showList(ctx: RouterContext, visit: AccountVisit, problem = '', uscc = '') {
    const { person } = visit
    const all = await representations.of(person.id)
    const organisations = all.filter(({ view }) => view.kind === 'legal_person').map(principalData)
    const offers = (await representations.offersTo(person)).length
    const data = { organisations, offers, problem, uscc }
    await centre.show(ctx, visit, 'account/organisations', data, problem ? 400 : 200)
  }

  router.get('/account/organisations', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (visit) await showList(ctx, visit)
  })

  router.post('/account/organisations', async (ctx) => {
    visitOf(ctx).back = '/account/organisations'
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return
    const given = visitOf(ctx).form['uscc'] ?? ''
    const code = parseCreditCode(given)
    if (!code.ok) return showList(ctx, visit, code.problem, given)
    if (visit.session.level < organisationLevel) return showList(ctx, visit, `level_${organisationLevel}_needed`, given)
    const opened = await legalPersons.open({ uscc: code.uscc, person: visit.person }, actorOf(ctx))
    if (!opened.ok) return showList(ctx, visit, opened.problem, given)
    goTo(ctx, `/account/organisations/${opened.legalPerson.id}`)
    return undefined
  })

  // a sign-in of too low a level is asked for what is missing, and comes back
  router.post('/account/organisations/level', async (ctx) => {
    visitOf(ctx).back = '/account/organisations'
    if (await centre.visit(ctx, { level: organisationLevel })) goTo(ctx, '/account/organisations')
  })

  router.get('/account/organisations/:id', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const one = await mine(ctx, visit)
    const { language } = visitOf(ctx)
    await centre.show(ctx, visit, 'account/organisation', {
      organisation: { ...principalData(one), kind: organisationKind(one.view.uscc ?? '') },
      members: await membersFor(parts, one, visit.person.id, language),
      mayGive: givable(one, visit.person.id, clock()) !== undefined,
    })
  })

  router.get('/account/organisations/:id/history', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const one = await mine(ctx, visit)
    // what others did is for those who answer for the organisation
    if (givable(one, visit.person.id, clock())?.roles.length !== 2) await refuse(ctx, visit.person.id)
    const entries = await representations.history(one.view.id, historyShown)
    const history = entries.map(async (entry) => ({
      at: minuteOf(entry.at),
      event: entry.event,
      role: entry.role ?? '',
      holder: await nameOf(persons, entry.holderId),
      who: (await nameOf(persons, entry.personId)) || (entry.actor === 'person' ? '' : 'house'),
      signed: entry.signed,
    }))
    const data = { organisation: principalData(one), history: await Promise.all(history) }
    await centre.show(ctx, visit, 'account/organisation-history', data)
  })

  async function showInvite(ctx: RouterContext, visit: AccountVisit, problems: Record<string, string> = {}) {
    const one = await mine(ctx, visit)
    const may = givable(one, visit.person.id, clock()) ?? (await refuse(ctx, visit.person.id))
    const { form, language } = visitOf(ctx)
    await centre.show(
      ctx,
      visit,
      'account/organisation-invite',
      {
        organisation: principalData(one),
        roles: may.roles,
        everything: may.everything,
        matters: may.matters.map((name) => ({ name, words: matterWords(name, language) })),
        ticked: tickedMatters('legal_person', form),
        periods,
        latest: may.latest === undefined ? '' : dayOf(may.latest),
        values: {
          name: form['name'] ?? '',
          contact: form['contact'] ?? '',
          role: form['role'] ?? 'handler',
          from: form['from'] ?? dayOf(clock()),
          days: form['days'] ?? '365',
        },
        problems,
      },
      Object.keys(problems).length > 0 ? 400 : 200,
    )
  }

  router.get('/account/organisations/:id/invite', async (ctx) => {
    const visit = await centre.mayGrantMandates(ctx)
    if (visit) await showInvite(ctx, visit)
  })

  router.post('/account/organisations/:id/invite', async (ctx) => {
    visitOf(ctx).back = `/account/organisations/${encodeURIComponent(idOf(ctx))}/invite`
    const visit = await centre.mayGrantMandates(ctx)
    if (!visit) return
    const one = await mine(ctx, visit)
    const { form } = visitOf(ctx)
    const matters = form['matter-*'] === 'yes' ? [everything] : tickedMatters('legal_person', form)
    const read = readOffer(blindIndex, form, { matters, periods })
    if (!read.ok) return showInvite(ctx, visit, read.problems)
    const now = clock()
    const begins = beginningOf(form['from'] ?? '', now)
    const latest = givable(one, visit.person.id, now)?.latest ?? Number.POSITIVE_INFINITY
    const acted = await signing.begin(ctx, visit, {
      type: 'offer',
      principalId: one.view.id,
      offering: {
        role: form['role'] === 'manager' ? 'manager' : 'handler',
        matters,
        notBefore: begins,
        // a manager gives no longer than they have themselves: the form says so
        expiresAt: read.lastsMs === 0 ? begins : Math.min(begins + read.lastsMs, latest),
        invitee: read.invitee,
      },
    })
    if (!acted) return undefined
    if (!acted.ok) return showInvite(ctx, visit, problemsOf(acted))
    await showOffered(ctx, visit, centre, { name: read.invitee.name, acted })
    return undefined
  })
}
