import Router from '@koa/router'
import type { RedeemDeps } from './redeem.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { tifProfiles } from '../config/legacy-protocols.ts'
import { tifRoutes } from './tif/tif-routes.ts'

export interface LegacyDeps extends RedeemDeps {
  /** A portal, suspended or not; it may be as of a moment ago. */
  findRegistered(id: string): Promise<Client | undefined>
  clock: Clock
}

/** The endpoints of all legacy protocols. */
export function legacyRoutes(deps: LegacyDeps): Router {
  const router = new Router({ sensitive: true })
  for (const profile of tifProfiles) tifRoutes(router, profile, deps)
  return router
}
