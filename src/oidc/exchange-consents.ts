import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Consents, Granted } from '../accounts/consents.ts'
import { covers, everything } from '../accounts/mandates/matters.ts'
import type { Client } from '../clients/clients.ts'
import { mayExchange } from './client-metadata.ts'
import type { Representees } from '../representation/representees.ts'
import { representeeScope } from '../representation/selection.ts'
import type { Resources } from './resources.ts'

/** What people agreed to that a portal may reach by token exchange (RFC 8693), by API and its scopes. */
export interface ExchangeConsents {
  /** What this request would let the portal reach for somebody else, and has not been agreed to; empty where nothing is asked. */
  missing(ctx: KoaContextWithOIDC): Promise<Granted['resources']>
  /** The scopes of one API; `all` of a portal registered with `consent: implicit`. */
  agreed(client: Client, personId: string, resource: string): Promise<readonly string[] | 'all'>
}

/** The scopes of an API whose matter is among these. */
export function openScopes(resources: Resources, resource: string, matters: readonly string[]): string[] {
  const known = resources[resource]
  return Object.keys(known?.scopes ?? {}).filter((scope) => covers(matters, [known?.matters[scope] ?? everything]))
}

export function createExchangeConsents(options: {
  findClient(id: string): Promise<Client | undefined>
  consents: Pick<Consents, 'find'>
  representees: Pick<Representees, 'chosen'>
  resources: Resources
}): ExchangeConsents {
  const { findClient, consents, representees, resources } = options

  return {
    async missing(ctx) {
      const { client, account, requestParamScopes } = ctx.oidc
      if (!client || !account || !requestParamScopes.has(representeeScope)) return {}
      const registered = await findClient(client.clientId)
      if (!registered || registered.consent === 'implicit' || !mayExchange(registered)) return {}
      const { granted } = (await representees.chosen(ctx)) ?? {}
      if (!granted) return {}
      const agreed = (await consents.find(account.accountId, registered.id))?.resources ?? {}
      const open = registered.resources.map((resource) => {
        const scopes = openScopes(resources, resource, granted.matters)
        return [resource, scopes.filter((scope) => !agreed[resource]?.includes(scope))] as const
      })
      return Object.fromEntries(open.filter(([, scopes]) => scopes.length > 0))
    },

    agreed: async (client, personId, resource) =>
      client.consent === 'implicit' ? 'all' : ((await consents.find(personId, client.id))?.resources[resource] ?? []),
  }
}
