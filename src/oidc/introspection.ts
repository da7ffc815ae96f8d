import type { AccessToken, Client as OidcClient, ClientCredentials, Configuration, RefreshToken } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { registrationOf } from './client-registrations.ts'
import { registeredScopes } from './registered.ts'

type FindAccount = NonNullable<Configuration['findAccount']>
type Context = Parameters<FindAccount>[0]

/** A client asks about its own tokens; the service registered for an API, about the tokens made for that API. */
export const mayIntrospect = (asking: Client, token: { clientId?: unknown; aud?: unknown }): boolean =>
  token.clientId === asking.id ||
  (asking.type === 'service' && typeof token.aud === 'string' && asking.resources.includes(token.aud))

/** Whether the person of a token still exists, is active, and is signed in. */
export async function personCounts(findAccount: FindAccount, ctx: Context, token: object): Promise<boolean> {
  const { accountId } = token as { accountId?: string }
  if (accountId === undefined) return true
  return (await findAccount(ctx, accountId, token as Parameters<FindAccount>[2])) !== undefined
}

/**
 * For oidc-provider's introspection `allowedPolicy` (RFC 7662 section 2.2). A caller without permission gets `active: false`.
 * oidc-provider calls it right before it builds the answer, so the token's scope is narrowed to the registration here.
 */
export function createIntrospectionPolicy(
  findAccount: FindAccount,
  findClient: (id: string) => Promise<Client | undefined>,
) {
  return async (
    ctx: Context,
    client: OidcClient,
    token: AccessToken | ClientCredentials | RefreshToken,
  ): Promise<boolean> => {
    if (!mayIntrospect(registrationOf(client), token)) return false
    const owner = token.clientId === undefined ? undefined : await findClient(token.clientId)
    if (!owner || !(await personCounts(findAccount, ctx, token))) return false
    if (token.scope !== undefined) token.scope = registeredScopes(owner.scope).scope(token.scope)
    return true
  }
}
