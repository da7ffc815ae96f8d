import Router from '@koa/router'
import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import { ownPath } from '../pages/own-path.ts'
import type { AccountHost, LoginMethod } from '../login/method.ts'
import { createCentre, type CentreDeps } from './centre.ts'
import { closingRoutes, type ClosingDeps } from './closing.ts'
import { dataRoutes, type DataDeps } from './data.ts'
import { historyRoutes, type HistoryDeps } from './history.ts'
import { mandateRoutes } from './mandates.ts'
import { noticesRoutes, type NoticesDeps } from './notices.ts'
import { organisationRoutes, type OrganisationDeps } from './organisations.ts'
import { overviewRoutes, type OverviewDeps } from './overview.ts'
import { recoveryCodeRoutes } from './recovery-codes.ts'
import { portalsRoutes, type PortalsDeps } from './portals.ts'
import { receiptRoutes, type ReceiptDeps } from './receipts.ts'
import { sessionsRoutes, type SessionsDeps } from './sessions.ts'
import { signatureRoutes, type SignatureDeps } from './signatures.ts'
import { waysRoutes, type WaysDeps } from './ways.ts'

export type AccountCentreDeps = CentreDeps &
  OverviewDeps &
  WaysDeps &
  SessionsDeps &
  HistoryDeps &
  PortalsDeps &
  OrganisationDeps &
  ReceiptDeps &
  SignatureDeps &
  NoticesDeps &
  DataDeps &
  ClosingDeps & { methods: readonly LoginMethod[]; recovery: Recovery }

/** Each room of the account centre, in the order of its menu; a login method brings its own. */
const rooms: ((router: Router, centre: AccountHost, deps: AccountCentreDeps) => void)[] = [
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
export function accountRoutes(router: Router, deps: AccountCentreDeps): void {
  const centre = createCentre(deps)
  // where a sign-in for the account centre comes back to: `state` says which page it was for
  router.get('/account/return', (ctx) => {
    const { state = '/account', error } = ctx.query
    const target = ownPath(state)
    // a scan whose holder would not sign in must not send them to sign in again
    if (target.startsWith('/q/scan/')) ctx.redirect(error === undefined ? target : `${target}?back=1`)
    else ctx.redirect(target === '/account' || target.startsWith('/account/') ? target : '/account')
  })
  for (const room of rooms) room(router, centre, deps)
  for (const method of deps.methods) {
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
