import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Consents, Granted } from '../../accounts/consents.ts'
import type { Client } from '../../clients/clients.ts'
import type { Representees } from '../../representation/representees.ts'
import { representeeScope } from '../../representation/selection.ts'
import { mayExchange } from '../client-metadata.ts'
import type { Resources } from '../resources.ts'
import { openScopes } from './scopes.ts'

/** Consent to token exchange (RFC 8693): the APIs and scopes that a portal may use for a principal. */
export interface ExchangeConsents {
  /** APIs and scopes that this request would open without consent so far. Empty: there is nothing to ask. */
  missing(ctx: KoaContextWithOIDC): Promise<Granted['resources']>
  /** The scopes of one API. `all` for a portal registered with `consent: implicit`. */
  agreed(client: Client, personId: string, resource: string): Promise<readonly string[] | 'all'>
}

export interface ExchangeConsentDeps {
  findClient(id: string): Promise<Client | undefined>
  consents: Pick<Consents, 'find'>
  representees: Pick<Representees, 'chosen'>
  resources: Resources
}

export function createExchangeConsents(deps: ExchangeConsentDeps): ExchangeConsents {
  return {
    missing: (ctx) => missingConsent(deps, ctx),
    agreed: async (client, personId, resource) =>
      client.consent === 'implicit'
        ? 'all'
        : ((await deps.consents.find(personId, client.id))?.resources[resource] ?? []),
  }
}

async function missingConsent(
  { findClient, consents, representees, resources }: ExchangeConsentDeps,
  ctx: KoaContextWithOIDC,
): Promise<Granted['resources']> {
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
}
