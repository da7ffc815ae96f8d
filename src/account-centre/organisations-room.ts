import { parseCreditCode } from '../accounts/identifiers/gb32100.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { principalData } from './mandate-data.ts'
import { mandateDone } from './mandate-done.ts'
import { invite, showInvite } from './organisation-invite.ts'
import { showHistory, showOrganisation, type OrganisationDeps } from './organisation.ts'

const room = '/account/organisations'

/** The organisations that the person acts for: the list, opening one, and the pages of one. */
export function organisationRoutes(router: AccountRouter, deps: OrganisationDeps): void {
  router.get(room, 'sign-in', (ctx, account) => showList(deps, ctx, account))
  router.post(room, { back: room, needs: 'grant-mandates' }, (ctx, account) => open(deps, ctx, account))

  // asks for a sign-in of the level that an organisation needs, and returns
  const needs = { level: deps.organisationLevel }
  router.post(`${room}/level`, { back: room, needs }, (ctx) => redirectTo(ctx, room))

  router.get(`${room}/:id`, 'sign-in', (ctx, account) => showOrganisation(deps, ctx, account))
  router.get(`${room}/:id/history`, 'sign-in', (ctx, account) => showHistory(deps, ctx, account))

  const form = (ctx: RouterContext) => `${room}/${encodeURIComponent(idOf(ctx))}/invite`
  router.get(`${room}/:id/invite`, 'grant-mandates', (ctx, account) => showInvite(deps, ctx, account))
  router.post(`${room}/:id/invite`, { back: form, needs: 'grant-mandates' }, (ctx, account) =>
    invite(deps, ctx, account),
  )
}

async function showList(
  deps: OrganisationDeps,
  ctx: RouterContext,
  account: AccountContext,
  wrong: { problem: string; uscc: string } = { problem: '', uscc: '' },
): Promise<void> {
  const { centre, representations } = deps
  const { person } = account
  const all = await representations.of(person.id)
  const organisations = all.filter(({ view }) => view.kind === 'legal_person').map(principalData)
  const offers = (await representations.offersTo(person)).length
  await centre.show(
    ctx,
    account,
    'account/organisations',
    { organisations, offers, acted: await mandateDone(deps, ctx, account), ...wrong },
    wrong.problem ? 400 : 200,
  )
}

/** Opens an organisation for its legal representative, by its unified social credit code (GB 32100). */
async function open(deps: OrganisationDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const { legalPersons, organisationLevel } = deps
  const uscc = requestOf(ctx).form['uscc'] ?? ''
  const again = (problem: string) => showList(deps, ctx, account, { problem, uscc })
  const code = parseCreditCode(uscc)
  if (!code.ok) return again(code.problem)
  // the register knows its own codes: some have another check character than GB 32100 asks for
  if (!code.checks && !(await legalPersons.mayBeRegistered(code.uscc))) return again('uscc_check')
  if (account.session.level < organisationLevel) return again(`level_${organisationLevel}_needed`)
  const opened = await legalPersons.open({ uscc: code.uscc, person: account.person }, actorOf(ctx))
  if (!opened.ok) return again(opened.problem)
  return redirectTo(ctx, `${room}/${opened.legalPerson.id}`)
}
