import type { AccountRouter } from '../login/account-router.ts'
import { closingRoutes, type ClosingDeps } from './closing-room.ts'
import { dataRoutes, type DataDeps } from './data-room.ts'
import { helperRoutes } from './helpers-room.ts'
import { historyRoutes, type HistoryDeps } from './history-room.ts'
import { invitationRoutes } from './invitations-room.ts'
import { mandateRoutes } from './mandates-room.ts'
import { mergingRoutes, type MergingRoomDeps } from './merging-room.ts'
import type { MenuPage } from './menu.ts'
import { noticesRoutes, type NoticesDeps } from './notices-room.ts'
import type { OrganisationDeps } from './organisation.ts'
import { organisationRoutes } from './organisations-room.ts'
import { overviewRoutes, type OverviewDeps } from './overview-room.ts'
import { phoneRoutes, type PhoneRoomDeps } from './phone-room.ts'
import { portalsRoutes, type PortalsDeps } from './portals-room.ts'
import { receiptRoutes, type ReceiptDeps } from './receipts-room.ts'
import { recordRoutes, type RecordDeps } from './record-room.ts'
import { recoveryCodeRoutes, type RecoveryCodeDeps } from './recovery-codes-room.ts'
import { sessionsRoutes, type SessionsDeps } from './sessions-room.ts'
import { signatureRoutes, type SignatureDeps } from './signatures-room.ts'
import { signInMethodsRoutes, type SignInMethodsDeps } from './sign-in-methods-room.ts'

export type RoomDeps = ClosingDeps &
  DataDeps &
  HistoryDeps &
  MergingRoomDeps &
  NoticesDeps &
  OrganisationDeps &
  OverviewDeps &
  PhoneRoomDeps &
  PortalsDeps &
  ReceiptDeps &
  RecordDeps &
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

/** Every room, in the order within the groups of the menu. A login method adds its own (`Enrolment`). */
export const rooms: readonly Room[] = [
  { name: 'overview', routes: overviewRoutes, menu: { path: '/account', group: 'start', icon: 'home' } },
  { name: 'ways', routes: signInMethodsRoutes, menu: { path: '/account/ways', group: 'safety', icon: 'entry' } },
  { name: 'recovery-codes', routes: recoveryCodeRoutes },
  { name: 'sessions', routes: sessionsRoutes, menu: { path: '/account/sessions', group: 'safety', icon: 'phone' } },
  { name: 'history', routes: historyRoutes, menu: { path: '/account/history', group: 'safety', icon: 'clock' } },
  { name: 'receipts', routes: receiptRoutes },
  { name: 'portals', routes: portalsRoutes, menu: { path: '/account/portals', group: 'services', icon: 'grid' } },
  { name: 'notices', routes: noticesRoutes, menu: { path: '/account/notices', group: 'safety', icon: 'bell' } },
  {
    name: 'invitations',
    routes: invitationRoutes,
    menu: { path: '/account/invitations', group: 'acting', icon: 'inbox' },
  },
  { name: 'helpers', routes: helperRoutes, menu: { path: '/account/helpers', group: 'acting', icon: 'family' } },
  {
    name: 'organisations',
    routes: organisationRoutes,
    menu: { path: '/account/organisations', group: 'acting', icon: 'building' },
  },
  { name: 'mandates', routes: mandateRoutes },
  {
    name: 'signatures',
    routes: signatureRoutes,
    menu: { path: '/account/signatures', group: 'acting', icon: 'pen' },
  },
  { name: 'record', routes: recordRoutes, menu: { path: '/account/details', group: 'details', icon: 'id' } },
  { name: 'phone', routes: phoneRoutes },
  { name: 'merging', routes: mergingRoutes },
  { name: 'data', routes: dataRoutes, menu: { path: '/account/data', group: 'details', icon: 'download' } },
  { name: 'closing', routes: closingRoutes, menu: { path: '/account/closing', group: 'details', icon: 'bin' } },
]

export const menuPages: readonly MenuPage[] = rooms.flatMap(({ name, menu }) => (menu ? [{ name, ...menu }] : []))
