import { auditEvents, type AuditEventName } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { PastEvent } from '../audit/person-history.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirectTo, idOf, onePage, pageOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'
import { describePlace } from './places.ts'
import { portalNames } from './portal-names.ts'
import type { WaysIn } from './ways-in.ts'

export interface HistoryDeps {
  audit: AuditLog
  sessions: Sessions
  waysIn: WaysIn
  clients: Clients
  regionOf: RegionOf
}

const room = '/account/history'
const shown = 20
/** So far back a sign-in can be found that is said not to have been one's own. */
const searched = 2000

/** What is about portals, organisations and our own work, or says again what another entry says. */
const ofNoInterest: ReadonlySet<AuditEventName> = new Set<AuditEventName>([
  'registration.refused',
  'qr.scanned',
  'qr.ended',
  'portal.refused',
  'passkey.offered',
  'token.reused',
  'token.exchanged',
  'token.exchange-refused',
  'logout.delivered',
  'logout.abandoned',
  'representee.refused',
  'organisation.refused',
  'mandate.refused',
  'register.imported',
  'person.closed',
  'administrator.acted',
  'administrator.refused',
  'organisation.suspended',
  'organisation.resumed',
])

/** Acts that are shown to the person they are about, each with its words under `history.<event>`. @internal */
export const shownEvents = (Object.keys(auditEvents) as AuditEventName[]).filter(
  (event) => !/^(client|house|keys|audit|approval|store)\./.test(event) && !ofNoInterest.has(event),
)

const signIns: AuditEventName[] = ['login.succeeded', 'login.refused']

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** What happened with my account, and "that was not me". */
export function historyRoutes(router: Router, centre: AccountHost, deps: HistoryDeps): void {
  const { audit, sessions, waysIn, clients, regionOf } = deps

  async function describeAll(ctx: RouterContext, events: readonly PastEvent[], { session }: AccountContext) {
    const { language } = requestOf(ctx)
    const nameOf = await portalNames(
      clients,
      events.map(({ clientId }) => clientId),
      language,
    )
    const own = new Set((await sessions.about(session.uid))?.signIns)
    return events.map(({ sequence, at, event, actor, clientId, details, restricted }) => {
      const signIn = event === 'login.succeeded' ? text(details['signIn']) : ''
      return {
        at,
        event,
        byOperator: actor.startsWith('administrator:'),
        method: waysIn.known(text(details['method'])),
        portal: nameOf(clientId),
        ...describePlace(regionOf, restricted, language),
        signIn,
        // entries of before have no id of their own, but a place in the trail all the same
        receipt: event === 'login.succeeded' ? String(sequence) : '',
        own: own.has(signIn),
        // of the same kind, in the hour after the one with an entry of its own (src/audit/sums.ts)
        more: typeof details['more'] === 'number' ? details['more'] : 0,
      }
    })
  }

  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const page = pageOf(ctx)
    const only = ctx.query['only'] === 'sign-ins'
    const events = only ? signIns : shownEvents
    const found = await audit.ofPerson(account.person.id, {
      events,
      limit: shown + 1,
      offset: (page - 1) * shown,
      notEntered: ownClientId,
    })
    const { entries, more } = onePage(found, page, shown)
    const described = await describeAll(ctx, entries, account)
    await centre.show(ctx, account, 'account/history', { entries: described, only, page, more })
  })

  /** @throws Refusal `not_found` for a sign-in of somebody else as for none at all */
  async function signInOf(ctx: RouterContext, { person }: AccountContext): Promise<PastEvent> {
    const past = await audit.ofPerson(person.id, { events: ['login.succeeded'], limit: searched })
    const found = past.find(({ details }) => text(details['signIn']) !== '' && details['signIn'] === idOf(ctx))
    if (!found) throw new Refusal('not_found', 'no sign-in of this person')
    return found
  }

  router.get(`${room}/:id`, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const [entry] = await describeAll(ctx, [await signInOf(ctx, account)], account)
    await centre.show(ctx, account, 'account/not-me', { entry })
  })

  // saying that it was somebody else only ever makes the account safer: no fresh sign-in is asked
  router.post(`${room}/:id/not-me`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const { id } = account.person
    const { details } = await signInOf(ctx, account)
    const [method, signIn] = [text(details['method']), text(details['signIn'])]
    const own = (await sessions.about(account.session.uid))?.signIns.includes(signIn) ? undefined : account.session
    const locked = await waysIn.notMe(ctx, id, { method, signIn }, own)
    redirectTo(ctx, `/account/ways?done=${locked ? 'not_me' : 'not_me_last'}`)
  })
}
