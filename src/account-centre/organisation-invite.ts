import { randomUUID } from 'node:crypto'
import { matterWords, everything } from '../accounts/mandates/matters.ts'
import { dayOf } from '../config/china-time.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { requestOf } from '../pages/request-context.ts'
import { givable, principalData } from './mandate-data.ts'
import { beginningOf, problemsOf, readOffer, tickedMatters } from './mandate-form.ts'
import { beginAct } from './mandate-signing.ts'
import { leadToOffered } from './offered-code.ts'
import { organisationOf, refuseOrganisation, type OrganisationDeps } from './organisation.ts'

/** Days an organisation's mandate may last. The shortest is chosen until the giver chooses another. */
const periods = ['30', '90', '180', '365', '1095']

/** The form that offers a mandate of one organisation. @throws Refusal `not_found` where the person may give none */
export async function showInvite(
  deps: OrganisationDeps,
  ctx: RouterContext,
  account: AccountContext,
  problems: Record<string, string> = {},
): Promise<void> {
  const { centre, clock } = deps
  const { id } = account.person
  const one = await organisationOf(deps, ctx, account)
  const may = givable(one, id, clock()) ?? (await refuseOrganisation(deps, ctx, id))
  const { form, language } = requestOf(ctx)
  const data = {
    organisation: principalData(one),
    roles: may.roles,
    everything: may.everything,
    matters: may.matters.map((name) => ({ name, words: matterWords(name, language) })),
    ticked: tickedMatters('legal_person', form),
    periods,
    once: randomUUID(),
    latest: may.latest === undefined ? '' : dayOf(may.latest),
    values: {
      name: form['name'] ?? '',
      contact: form['contact'] ?? '',
      role: form['role'] ?? 'handler',
      from: form['from'] ?? dayOf(clock()),
      days: form['days'] ?? periods[0] ?? '',
    },
    problems,
  }
  const status = Object.keys(problems).length > 0 ? 400 : 200
  await centre.show(ctx, account, 'account/organisation-invite', data, status)
}

/** Takes that form. @throws Refusal `not_found`, `busy` */
export async function invite(deps: OrganisationDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const one = await organisationOf(deps, ctx, account)
  const { form } = requestOf(ctx)
  const matters = form['matter-*'] === 'yes' ? [everything] : tickedMatters('legal_person', form)
  const read = readOffer(deps.blindIndex, form, { matters, periods })
  if (!read.ok) return showInvite(deps, ctx, account, read.problems)
  const now = deps.clock()
  const begins = beginningOf(form['from'] ?? '', now)
  const latest = givable(one, account.person.id, now)?.latest ?? Number.POSITIVE_INFINITY
  const acted = await beginAct(deps, ctx, account, {
    type: 'offer',
    principalId: one.view.id,
    offering: {
      role: form['role'] === 'manager' ? 'manager' : 'handler',
      matters,
      notBefore: begins,
      // a manager's own mandate limits the period: the form shows the last day
      expiresAt: read.lastsMs === 0 ? begins : Math.min(begins + read.lastsMs, latest),
      invitee: read.invitee,
      invitedId: (await deps.persons.findByIdentifier([read.contact]))?.id,
    },
  })
  if (!acted) return undefined
  if (!acted.ok) return showInvite(deps, ctx, account, problemsOf(acted))
  return leadToOffered(deps, ctx, account, { name: read.invitee.name, acted })
}
