import type { AccountRouter } from '../login/account-router.ts'
import { closingRoutes, type ClosingDeps } from './closing-room.ts'
import { dataRoutes, type DataDeps } from './data-room.ts'
import { helperRoutes } from './helpers-room.ts'
import { historyRoutes, type HistoryDeps } from './history-room.ts'
import { invitationRoutes } from './invitations-room.ts'
import { mandateRoutes } from './mandates-room.ts'
import type { MenuPage } from './menu.ts'
import { noticesRoutes, type NoticesDeps } from './notices-room.ts'
import type { OrganisationDeps } from './organisation.ts'
import { organisationRoutes } from './organisations-room.ts'
import { overviewRoutes, type OverviewDeps } from './overview-room.ts'
import { portalsRoutes, type PortalsDeps } from './portals-room.ts'
import { receiptRoutes, type ReceiptDeps } from './receipts-room.ts'
import { recoveryCodeRoutes, type RecoveryCodeDeps } from './recovery-codes-room.ts'
import { sessionsRoutes, type SessionsDeps } from './sessions-room.ts'
import { signatureRoutes, type SignatureDeps } from './signatures-room.ts'
import { signInMethodsRoutes, type SignInMethodsDeps } from './sign-in-methods-room.ts'

export type RoomDeps = ClosingDeps &
  DataDeps &
  HistoryDeps &
  NoticesDeps &
  OrganisationDeps &
  OverviewDeps &
  PortalsDeps &
  ReceiptDeps &
  RecoveryCodeDeps &
  SessionsDeps &
  SignatureDeps &
  SignInMethodsDeps

/** A room: pages of the account centre about one subject. */
interface Room {
  readonly name: string
  routes(router: AccountRouter, deps: RoomDeps): void
  /** Its entry in the menu; other pages lead to a room that has none. */
  readonly menu?: Omit<MenuPage, 'name'>
}

/** Every room, in the order of the overview and within the groups of the menu. A login method adds its own (`Enrolment`). */
export const rooms: readonly Room[] = [
  { name: 'overview', routes: overviewRoutes, menu: { path: '/account', group: 'details', onOverview: false } },
  { name: 'ways', routes: signInMethodsRoutes, menu: { path: '/account/ways', group: 'safety', onOverview: true } },
  { name: 'recovery-codes', routes: recoveryCodeRoutes },
  { name: 'sessions', routes: sessionsRoutes, menu: { path: '/account/sessions', group: 'safety', onOverview: true } },
  { name: 'history', routes: historyRoutes, menu: { path: '/account/history', group: 'safety', onOverview: true } },
  { name: 'receipts', routes: receiptRoutes },
  { name: 'portals', routes: portalsRoutes, menu: { path: '/account/portals', group: 'services', onOverview: true } },
  { name: 'notices', routes: noticesRoutes, menu: { path: '/account/notices', group: 'notices', onOverview: true } },
  {
    name: 'organisations',
    routes: organisationRoutes,
    menu: { path: '/account/organisations', group: 'acting', onOverview: true },
  },
  { name: 'helpers', routes: helperRoutes, menu: { path: '/account/helpers', group: 'acting', onOverview: true } },
  {
    name: 'invitations',
    routes: invitationRoutes,
    menu: { path: '/account/invitations', group: 'acting', onOverview: true },
  },
  { name: 'mandates', routes: mandateRoutes },
  {
    name: 'signatures',
    routes: signatureRoutes,
    menu: { path: '/account/signatures', group: 'acting', onOverview: false },
  },
  { name: 'data', routes: dataRoutes, menu: { path: '/account/data', group: 'details', onOverview: true } },
  { name: 'closing', routes: closingRoutes, menu: { path: '/account/closing', group: 'details', onOverview: true } },
]

export const menuPages: readonly MenuPage[] = rooms.flatMap(({ name, menu }) => (menu ? [{ name, ...menu }] : []))
