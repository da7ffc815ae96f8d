import { Provider, type AdapterPayload, type KoaContextWithOIDC } from 'oidc-provider'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { requestOf } from '../pages/request-context.ts'
import { createWindow } from './window.ts'
import { TooManyCalls } from './portal-budgets.ts'

/** Endpoints that authenticate the client before anything is stored. */
const provenRoutes: ReadonlySet<string> = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
])

/** True for data of a stranger: no person is signed in and no client is authenticated. */
function isStrangers({ oidc }: KoaContextWithOIDC, { accountId }: AdapterPayload): boolean {
  if (accountId !== undefined) return false
  const { client, entities } = oidc
  if (entities.AccessToken ?? entities.AuthorizationCode ?? entities.RefreshToken) return false
  return !(provenRoutes.has(oidc.route) && client && client.clientAuthMethod !== 'none')
}

/** Limits the data that one network makes us store without authentication. */
export interface StoredBudget {
  /** @throws TooManyCalls over the budget of the network */
  spend(payload: AdapterPayload, bytes: number): void
}

export function createStoredBudget(kilobytes: number, clock: Clock): StoredBudget {
  const stored = createWindow({ most: kilobytes * 1024, seconds: budgets.stored.seconds, clock })
  return {
    spend(payload, bytes) {
      const { ctx } = Provider
      if (!ctx || !isStrangers(ctx, payload)) return
      const { networks } = requestOf(ctx)
      const wait = stored.wait(networks)
      if (wait > 0) throw new TooManyCalls(wait, 'too much was begun from your network')
      stored.count(networks, bytes)
    },
  }
}
