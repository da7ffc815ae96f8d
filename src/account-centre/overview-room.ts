import { isOfOwnDevice } from '../login-methods.ts'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import { greetingName } from '../accounts/identifiers/given-name.ts'
import { maskName } from '../accounts/identifiers/masking.ts'
import type { NumberDisputes } from '../accounts/identity-proofing/number-disputes.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clients } from '../clients/clients.ts'
import { dayMs } from '../config/time.ts'
import type { Clock } from '../config/clock.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountContext, AccountHost } from '../login/method.ts'
import { portalOf } from '../oidc/pages.ts'
import type { Language } from '../pages/languages.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { describePlace } from './describe-place.ts'
import { mandateData } from './mandate-data.ts'
import type { MethodSwitches } from './method-switches.ts'
import { ownClientId } from './own-client.ts'

export interface OverviewDeps {
  centre: AccountHost
  persons: NaturalPersons
  audit: AuditLog
  numberDisputes: NumberDisputes
  recovery: Recovery
  representations: Representations
  methodSwitches: MethodSwitches
  sessions: Sessions
  clients: Clients
  regionOf: RegionOf
  clock: Clock
}

const portalsShown = 3

/** The first page: a greeting, what waits, what the person could do next, their level, and the state of each room. */
export function overviewRoutes(router: AccountRouter, deps: OverviewDeps): void {
  router.get('/account', 'sign-in', async (ctx, account) => {
    const { language } = requestOf(ctx)
    const { person } = account
    const ways = await deps.methodSwitches.list(person.id)
    const entered = await enteredBy(deps, person.id)
    await deps.centre.show(ctx, account, 'account/overview', {
      given: greetingName(deps.persons.open(person, 'name')),
      last: await signInBefore(deps, account, language),
      offers: await offersTo(deps, account, language),
      claim: await disputeOf(deps, person.id),
      level: person.identityLevel,
      next: {
        passkey: ways.some(({ name, empty }) => isOfOwnDevice(name) && empty),
        codes: (await deps.recovery.codesLeft(person.id)) === 0,
        proof: person.identityLevel < 3,
        // level 3 by the rule before (DESIGN 1.4)
        possession: person.identityLevel === 3 && person.possession === null,
      },
      face: ways.some(({ name, room, state }) => name === 'face' && room && state === 'on'),
      portals: await recentPortals(deps, entered, language),
      states: await statesOf(deps, account, { ways, portals: entered.length }),
    })
  })
}

/** The pending dispute of another account to this person's document number, or of this person to another's. */
async function disputeOf({ numberDisputes }: OverviewDeps, personId: string) {
  const [dispute] = await numberDisputes.of(personId)
  return dispute && { side: dispute.holderId === personId ? 'holder' : 'claimant', dueAt: dispute.dueAt }
}

/** The last sign-in that did not begin this session; the person sees whether it was them. */
async function signInBefore({ audit, sessions, regionOf }: OverviewDeps, account: AccountContext, language: Language) {
  const own = (await sessions.origin(account.session.uid))?.signIns ?? []
  const past = await audit.ofPerson(account.person.id, { events: ['login.succeeded'], limit: own.length + 1 })
  const found = past.find(({ details: { signIn } }) => typeof signIn === 'string' && !own.includes(signIn))
  if (!found) return undefined
  const { place } = describePlace(regionOf, found.restricted, language)
  return { at: found.at, place, signIn: String(found.details['signIn']) }
}

async function offersTo({ representations, clock }: OverviewDeps, { person }: AccountContext, language: Language) {
  const offers = await representations.offersTo(person)
  return offers.map(({ mandate, principalName, endsAt }) => ({
    principal: principalName,
    ...mandateData(mandate, language),
    days: Math.max(1, Math.floor((endsAt - clock()) / dayMs)),
  }))
}

/** The portals that the person entered, the latest first. */
async function enteredBy({ audit }: OverviewDeps, personId: string) {
  const entered = (await audit.lastEntered(personId)).filter(({ clientId }) => clientId !== ownClientId)
  return entered.toSorted((one, other) => other.at - one.at)
}

async function recentPortals(
  { clients }: OverviewDeps,
  entered: readonly { clientId: string; at: number }[],
  language: Language,
) {
  const found = await Promise.all(
    entered.slice(0, portalsShown).map(async ({ clientId, at }) => {
      const client = await clients.find(clientId)
      return client ? [{ id: clientId, at, ...portalOf(client, language) }] : []
    }),
  )
  return found.flat()
}

/** A state of a room in the list: words `account.state_<words>`, and the colour of a pill. */
export interface RoomState {
  words: string
  values?: Readonly<Record<string, string | number>>
  pill?: 'good' | 'care' | 'plain'
}

async function statesOf(
  { sessions, representations, persons }: OverviewDeps,
  { person }: AccountContext,
  { ways, portals }: { ways: Awaited<ReturnType<MethodSwitches['list']>>; portals: number },
): Promise<Record<string, RoomState>> {
  const acting = await representations.of(person.id)
  const organisations = acting.filter(({ view }) => view.kind === 'legal_person').length
  const helpers = (await representations.givenBy(person.id)).filter(({ state }) => state === 'active').length
  const counted = (words: string, count: number): RoomState =>
    count === 0 ? { words: 'none' } : { words, values: { count } }
  const usable = ways.filter(({ state, empty }) => state === 'on' && !empty).length
  const locked = ways.some(({ state, held }) => state === 'not_me_off' || held > 0)
  return {
    ways: locked ? { words: 'care', pill: 'care' } : { words: 'ways', values: { count: usable }, pill: 'good' },
    sessions: counted('sessions', (await sessions.list(person.id)).length),
    portals: counted('count', portals),
    organisations: counted('count', organisations),
    helpers: counted('people', helpers),
    record: { words: 'name', values: { name: maskName(persons.open(person, 'name')) } },
  }
}
