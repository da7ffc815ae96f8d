import type { AuditEventName } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { PastEvent } from '../audit/person-history.ts'
import { signedAmong } from '../audit/receipts.ts'
import type { Clients } from '../clients/clients.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirectTo, idOf, onePage, pageOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'
import { ownClientId } from './own-client.ts'
import { describePlace } from './describe-place.ts'
import { portalNames } from './portal-names.ts'
import { shownEvents } from './shown-events.ts'
import type { MethodSwitches } from './method-switches.ts'

export interface HistoryDeps {
  centre: AccountHost
  audit: AuditLog
  sessions: Sessions
  methodSwitches: MethodSwitches
  clients: Clients
  regionOf: RegionOf
  database: Database
}

const room = '/account/history'
const shown = 20
/** A sign-in can be reported as not one's own while it is among the latest `searched`. */
const searched = 2000

const signIns: AuditEventName[] = ['login.succeeded', 'login.refused']

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** The history of the account, and the report "that was not me". */
export function historyRoutes(router: AccountRouter, deps: HistoryDeps): void {
  const { centre, audit, sessions, methodSwitches } = deps

  router.get(room, 'sign-in', async (ctx, account) => {
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
    const described = await describeAll(deps, ctx, entries, account)
    await centre.show(ctx, account, 'account/history', { entries: described, only, page, more })
  })

  router.get(`${room}/:id`, 'sign-in', async (ctx, account) => {
    const [entry] = await describeAll(deps, ctx, [await signInOf(audit, ctx, account)], account)
    await centre.show(ctx, account, 'account/not-me', { entry })
  })

  // the report of a stranger needs no fresh sign-in: it only closes a way, which a stranger in a hold may not
  router.post(`${room}/:id/not-me`, { back: room, needs: 'reduce' }, async (ctx, account) => {
    const { id } = account.person
    const { details } = await signInOf(audit, ctx, account)
    const [method, signIn] = [text(details['method']), text(details['signIn'])]
    const own = (await sessions.origin(account.session.uid))?.signIns.includes(signIn) ? undefined : account.session
    const locked = await methodSwitches.notMe(ctx, id, { method, signIn }, own)
    redirectTo(ctx, `/account/ways?done=${locked ? 'not_me' : 'not_me_last'}`)
  })
}

async function describeAll(
  { sessions, methodSwitches, clients, regionOf, database }: HistoryDeps,
  ctx: RouterContext,
  events: readonly PastEvent[],
  { session }: AccountContext,
) {
  const { language } = requestOf(ctx)
  const nameOf = await portalNames(
    clients,
    events.map(({ clientId }) => clientId),
    language,
  )
  const signed = await signedAmong(
    database,
    events.filter(({ event }) => event === 'login.succeeded').map(({ sequence }) => sequence),
  )
  const own = new Set((await sessions.origin(session.uid))?.signIns)
  return events.map(({ sequence, at, event, actor, clientId, details, restricted }) => {
    const signIn = event === 'login.succeeded' ? text(details['signIn']) : ''
    return {
      at,
      event,
      byOperator: actor.startsWith('administrator:'),
      method: methodSwitches.known(text(details['method'])),
      portal: nameOf(clientId),
      ...describePlace(regionOf, restricted, language),
      signIn,
      // entries of older versions have no id, but every entry has a number in the audit log
      receipt: event === 'login.succeeded' && signed.has(sequence) ? String(sequence) : '',
      // the next checkpoint signs it (src/jobs/audit-upkeep.ts)
      receiptSoon: event === 'login.succeeded' && !signed.has(sequence),
      own: own.has(signIn),
      // further events of the same kind within an hour, counted without entries of their own (src/audit/sums.ts)
      more: typeof details['more'] === 'number' ? details['more'] : 0,
    }
  })
}

/** @throws Refusal `not_found`, the same for a sign-in of another person and for none */
async function signInOf(audit: AuditLog, ctx: RouterContext, { person }: AccountContext): Promise<PastEvent> {
  const past = await audit.ofPerson(person.id, { events: ['login.succeeded'], limit: searched })
  const found = past.find(({ details }) => text(details['signIn']) !== '' && details['signIn'] === idOf(ctx))
  if (!found) throw new Refusal('not_found', 'no sign-in of this person')
  return found
}
