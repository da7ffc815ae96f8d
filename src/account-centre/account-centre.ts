import Router from '@koa/router'
import type { Recovery } from '../accounts/recovery/recovery.ts'
import { ownPath } from '../pages/own-path.ts'
import type { AccountHost, LoginMethod } from '../login/method.ts'
import { createCentre, type CentreParts } from './centre.ts'
import { closingRoutes, type ClosingParts } from './closing.ts'
import { dataRoutes, type DataParts } from './data.ts'
import { historyRoutes, type HistoryParts } from './history.ts'
import { mandateRoutes } from './mandates.ts'
import { noticesRoutes, type NoticesParts } from './notices.ts'
import { organisationRoutes, type OrganisationParts } from './organisations.ts'
import { overviewRoutes, type OverviewParts } from './overview.ts'
import { recoveryCodeRoutes } from './recovery-codes.ts'
import { portalsRoutes, type PortalsParts } from './portals.ts'
import { receiptRoutes, type ReceiptParts } from './receipts.ts'
import { sessionsRoutes, type SessionsParts } from './sessions.ts'
import { signatureRoutes, type SignatureParts } from './signatures.ts'
import { waysRoutes, type WaysParts } from './ways.ts'

export type AccountCentreParts = CentreParts &
  OverviewParts &
  WaysParts &
  SessionsParts &
  HistoryParts &
  PortalsParts &
  OrganisationParts &
  ReceiptParts &
  SignatureParts &
  NoticesParts &
  DataParts &
  ClosingParts & { methods: readonly LoginMethod[]; recovery: Recovery }

/** Each room of the account centre, in the order of its menu; a login method brings its own. */
const rooms: ((router: Router, centre: AccountHost, parts: AccountCentreParts) => void)[] = [
  overviewRoutes,
  dataRoutes,
  closingRoutes,
  waysRoutes,
  sessionsRoutes,
  historyRoutes,
  portalsRoutes,
  organisationRoutes,
  mandateRoutes,
  signatureRoutes,
  recoveryCodeRoutes,
  noticesRoutes,
  receiptRoutes,
]

/** A person's own pages, under /account. */
export function accountRoutes(router: Router, parts: AccountCentreParts): void {
  const centre = createCentre(parts)
  // where a sign-in for the account centre comes back to: `state` says which page it was for
  router.get('/account/return', (ctx) => {
    const { state = '/account', error } = ctx.query
    const target = ownPath(state)
    // a scan whose holder would not sign in must not send them to sign in again
    if (target.startsWith('/q/scan/')) ctx.redirect(error === undefined ? target : `${target}?back=1`)
    else ctx.redirect(target === '/account' || target.startsWith('/account/') ? target : '/account')
  })
  for (const room of rooms) room(router, centre, parts)
  for (const method of parts.methods) {
    mountEnrolment(router, centre, method)
    method.pages?.(router, centre)
  }
}

function mountEnrolment(router: Router, centre: AccountHost, { name, enrolment }: LoginMethod): void {
  if (!enrolment) return
  const room = new Router({ prefix: `/account/${name}`, sensitive: true })
  enrolment.routes(room, centre)
  router.use(room.routes())
}
