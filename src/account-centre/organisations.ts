import { parseCreditCode, organisationKind } from '../accounts/identifiers/gb32100.ts'
import type { Level } from '../assurance/levels.ts'
import { matterWords, everything } from '../accounts/mandates/matters.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../login/method.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
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
import { createMandateSigning, type SigningDeps } from './mandate-signing.ts'

export interface OrganisationDeps extends PageParts, SigningDeps {
  legalPersons: LegalPersons
  principals: Principals
  blindIndex: BlindIndex
  audit: AuditLog
  /** Level a sign-in needs to open an organisation. */
  organisationLevel: Level
}

const periods = ['30', '90', '180', '365', '1095']
const historyShown = 100

/** My organisations: what I may do for which, opening one, its members and their mandates, its history. */
export function organisationRoutes(router: Router, centre: AccountHost, deps: OrganisationDeps): void {
  const { legalPersons, representations, persons, blindIndex, audit, organisationLevel, clock } = deps

  const signing = createMandateSigning(centre, deps)

  /** @throws Refusal `not_found`, the same for an organisation that is not there and one the person is nothing to */
  async function mine(ctx: RouterContext, { person }: AccountContext) {
    const found = await representations.find(person.id, idOf(ctx))
    return found?.view.kind === 'legal_person' ? found : refuse(ctx, person.id)
  }

  async function refuse(ctx: RouterContext, personId: string): Promise<never> {
    const about = { event: 'organisation.refused', ...actorOf(ctx), personId } as const
    await audit.record({ ...about, details: { problem: 'not_found' } })
    throw new Refusal('not_found')
  }

  async function showList(ctx: RouterContext, account: AccountContext, problem = '', uscc = '') {
    const { person } = account
    const all = await representations.of(person.id)
    const organisations = all.filter(({ view }) => view.kind === 'legal_person').map(principalData)
    const offers = (await representations.offersTo(person)).length
    const data = { organisations, offers, problem, uscc }
    await centre.show(ctx, account, 'account/organisations', data, problem ? 400 : 200)
  }

  router.get('/account/organisations', async (ctx) => {
    const account = await centre.enter(ctx)
    if (account) await showList(ctx, account)
  })

  router.post('/account/organisations', async (ctx) => {
    requestOf(ctx).returnTo = '/account/organisations'
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return
    const given = requestOf(ctx).form['uscc'] ?? ''
    const code = parseCreditCode(given)
    if (!code.ok) return showList(ctx, account, code.problem, given)
    if (account.session.level < organisationLevel)
      return showList(ctx, account, `level_${organisationLevel}_needed`, given)
    const opened = await legalPersons.open({ uscc: code.uscc, person: account.person }, actorOf(ctx))
    if (!opened.ok) return showList(ctx, account, opened.problem, given)
    redirectTo(ctx, `/account/organisations/${opened.legalPerson.id}`)
    return undefined
  })

  // a sign-in of too low a level is asked for what is missing, and comes back
  router.post('/account/organisations/level', async (ctx) => {
    requestOf(ctx).returnTo = '/account/organisations'
    if (await centre.enter(ctx, { level: organisationLevel })) redirectTo(ctx, '/account/organisations')
  })

  router.get('/account/organisations/:id', async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const one = await mine(ctx, account)
    const { language } = requestOf(ctx)
    await centre.show(ctx, account, 'account/organisation', {
      organisation: { ...principalData(one), kind: organisationKind(one.view.uscc ?? '') },
      members: await membersFor(deps, one, account.person.id, language),
      mayGive: givable(one, account.person.id, clock()) !== undefined,
    })
  })

  router.get('/account/organisations/:id/history', async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const one = await mine(ctx, account)
    // what others did is for those who answer for the organisation
    if (givable(one, account.person.id, clock())?.roles.length !== 2) await refuse(ctx, account.person.id)
    const entries = await representations.history(one.view.id, historyShown)
    const history = entries.map(async (entry) => ({
      at: minuteOf(entry.at),
      event: entry.event,
      role: entry.role ?? '',
      holder: await nameOf(persons, entry.holderId),
      who: (await nameOf(persons, entry.personId)) || (entry.actor === 'person' ? '' : 'operator'),
      signed: entry.signed,
    }))
    const data = { organisation: principalData(one), history: await Promise.all(history) }
    await centre.show(ctx, account, 'account/organisation-history', data)
  })

  async function showInvite(ctx: RouterContext, account: AccountContext, problems: Record<string, string> = {}) {
    const one = await mine(ctx, account)
    const may = givable(one, account.person.id, clock()) ?? (await refuse(ctx, account.person.id))
    const { form, language } = requestOf(ctx)
    await centre.show(
      ctx,
      account,
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
    const account = await centre.mayGrantMandates(ctx)
    if (account) await showInvite(ctx, account)
  })

  router.post('/account/organisations/:id/invite', async (ctx) => {
    requestOf(ctx).returnTo = `/account/organisations/${encodeURIComponent(idOf(ctx))}/invite`
    const account = await centre.mayGrantMandates(ctx)
    if (!account) return
    const one = await mine(ctx, account)
    const { form } = requestOf(ctx)
    const matters = form['matter-*'] === 'yes' ? [everything] : tickedMatters('legal_person', form)
    const read = readOffer(blindIndex, form, { matters, periods })
    if (!read.ok) return showInvite(ctx, account, read.problems)
    const now = clock()
    const begins = beginningOf(form['from'] ?? '', now)
    const latest = givable(one, account.person.id, now)?.latest ?? Number.POSITIVE_INFINITY
    const acted = await signing.begin(ctx, account, {
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
    if (!acted.ok) return showInvite(ctx, account, problemsOf(acted))
    await showOffered(ctx, account, centre, { name: read.invitee.name, acted })
    return undefined
  })
}
