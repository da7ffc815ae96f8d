import Router from '@koa/router'
import type { RedeemDeps } from './redeem.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { tifProfiles } from '../config/legacy-protocols.ts'
import { casRoutes } from './cas/cas-routes.ts'
import type { SingleLogout } from './cas/single-logout.ts'
import { tifRoutes } from './tif/tif-routes.ts'

export interface LegacyDeps extends RedeemDeps {
  /** A portal, suspended or not; it may be as of a moment ago. */
  findRegistered(id: string): Promise<Client | undefined>
  /** The registered portals of CAS, suspended or not, the oldest first; it may be as of a moment ago. */
  casPortals(): Promise<readonly Client[]>
  singleLogout: SingleLogout
  clock: Clock
}

/** The endpoints of all legacy protocols. */
export function legacyRoutes(deps: LegacyDeps): Router {
  const router = new Router({ sensitive: true })
  for (const profile of tifProfiles) tifRoutes(router, profile, deps)
  casRoutes(router, deps)
  return router
}
