import { organisationKind } from '../accounts/identifiers/gb32100.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import type { Level } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { minuteOf } from '../config/china-time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { givable, membersFor, nameOf, principalData, type MembersDeps } from './mandate-data.ts'
import { mandateDone } from './mandate-done.ts'
import type { SigningDeps } from './mandate-signing.ts'

export interface OrganisationDeps extends MembersDeps, SigningDeps {
  legalPersons: LegalPersons
  principals: Principals
  blindIndex: BlindIndex
  audit: AuditLog
  /** Level of a sign-in that may open an organisation. */
  organisationLevel: Level
}

const historyShown = 100

/**
 * The organisation that the path names, and the person's relation to it.
 * @throws Refusal `not_found`, the same for a missing organisation and for one without a relation to the person
 */
export async function organisationOf(deps: OrganisationDeps, ctx: RouterContext, { person }: AccountContext) {
  const found = await deps.representations.find(person.id, idOf(ctx))
  return found?.view.kind === 'legal_person' ? found : refuseOrganisation(deps, ctx, person.id)
}

/** Audits the refusal. @throws Refusal `not_found` */
export async function refuseOrganisation(
  { audit }: Pick<OrganisationDeps, 'audit'>,
  ctx: RouterContext,
  personId: string,
): Promise<never> {
  const about = { event: 'organisation.refused', ...actorOf(ctx), personId } as const
  await audit.record({ ...about, details: { problem: 'not_found' } })
  throw new Refusal('not_found')
}

/** The page of one organisation: its members and their mandates. */
export async function showOrganisation(deps: OrganisationDeps, ctx: RouterContext, account: AccountContext) {
  const one = await organisationOf(deps, ctx, account)
  await deps.centre.show(ctx, account, 'account/organisation', {
    organisation: { ...principalData(one), kind: organisationKind(one.view.uscc ?? '') },
    members: await membersFor(deps, one, account.person.id, requestOf(ctx).language),
    mayGive: givable(one, account.person.id, deps.clock()) !== undefined,
    acted: await mandateDone(deps, ctx, account),
  })
}

/** The acts on the mandates of one organisation; only its legal representative may read them. */
export async function showHistory(deps: OrganisationDeps, ctx: RouterContext, account: AccountContext) {
  const { centre, persons, representations, clock } = deps
  const one = await organisationOf(deps, ctx, account)
  const { id } = account.person
  if (givable(one, id, clock())?.roles.length !== 2) await refuseOrganisation(deps, ctx, id)
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
}
