import { Provider, type AdapterPayload, type KoaContextWithOIDC } from 'oidc-provider'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { requestOf } from '../pages/request-context.ts'
import { createWindow } from './limits.ts'
import { TooManyCalls } from './portal-budgets.ts'

/** Where a client proves itself before anything is stored. */
const provenRoutes: ReadonlySet<string> = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
])

/** Nobody is signed in, and no client has proved itself: a stranger has it stored. */
function isStrangers({ oidc }: KoaContextWithOIDC, { accountId }: AdapterPayload): boolean {
  if (accountId !== undefined) return false
  const { client, entities } = oidc
  if (entities.AccessToken ?? entities.AuthorizationCode ?? entities.RefreshToken) return false
  return !(provenRoutes.has(oidc.route) && client && client.clientAuthMethod !== 'none')
}

/** Counts what one network makes us store before anybody is known. */
export interface StoredBudget {
  /** @throws TooManyCalls when the network has used it up */
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
