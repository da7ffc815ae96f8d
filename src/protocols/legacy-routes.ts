import type { KeyObject } from 'node:crypto'
import Router from '@koa/router'
import type { Middleware } from 'koa'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { tifProfiles } from '../config/legacy-protocols.ts'
import { requestOf } from '../pages/request-context.ts'
import { casRoutes } from './cas/cas-routes.ts'
import type { SingleLogout } from './cas/single-logout.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { CallerDeps } from './callers.ts'
import type { RedeemDeps } from './redeem.ts'
import { tifRoutes } from './tif/tif-routes.ts'

export interface LegacyDeps extends RedeemDeps, CallerDeps {
  /** A portal, suspended or not; it may be as of a moment ago. */
  findRegistered(id: string): Promise<Client | undefined>
  /** The registered portals of CAS, suspended or not, the oldest first; it may be as of a moment ago. */
  casPortals(): Promise<readonly Client[]>
  singleLogout: SingleLogout
  artifacts: Artifacts
  /** The secrets of signed calls are made of it (clients/gateway-token.ts). */
  pairwiseKey: KeyObject
  clock: Clock
}

/** The endpoints of all legacy protocols. */
export function legacyRoutes(deps: LegacyDeps): Router {
  const router = new Router({ sensitive: true })
  for (const profile of tifProfiles) tifRoutes(router, profile, deps)
  casRoutes(router, deps)
  return router
}

/**
 * Queries of these endpoints hold secrets, tickets and codes. A page of ours, such as that of an error, must not lead
 * back to such an address.
 */
export function withoutReturn(router: Router): Middleware {
  const paths = new Set(router.stack.map(({ path }) => String(path)))
  return (ctx, next) => {
    if (paths.has(ctx.path)) requestOf(ctx).returnTo = '/'
    return next()
  }
}
