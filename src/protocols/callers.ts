import type { Context } from 'koa'
import type { Client as OidcClient, Provider } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { secretMatches } from '../clients/secrets.ts'
import { isInNetworks } from '../config/networks.ts'
import type { PortalBudgets } from '../guards/portal-budgets.ts'
import type { SecretGuesses } from '../guards/secret-guesses.ts'
import { requestOf } from '../pages/request-context.ts'
import { withClient } from './redeem.ts'

export interface CallerDeps {
  provider: Provider
  secretGuesses: SecretGuesses
  portalBudgets: Pick<PortalBudgets, 'admitCall'>
}

/** Whether a call comes from the servers of this portal. A portal without networks has none. */
export const isFromServers = (ctx: Context, { networks = [] }: Pick<Client, 'networks'>): boolean =>
  isInNetworks(requestOf(ctx).address, networks)

/**
 * Whether the secret is right, compared in constant time. Wrong ones are counted with those of the token endpoint.
 * A network that must wait gets `wait`, with the right secret too.
 */
export async function checkSecret(
  { secretGuesses }: CallerDeps,
  ctx: Context,
  { id, secretHash }: Pick<Client, 'id' | 'secretHash'>,
  secret: string,
): Promise<'right' | 'wrong' | 'wait'> {
  const request = requestOf(ctx)
  if (secretGuesses.wait(id, request) > 0) return 'wait'
  const right = secretHash !== null && secretMatches(secretHash, secret)
  if (right) secretGuesses.right(id, request)
  else await secretGuesses.wrong(id, request)
  return right ? 'right' : 'wrong'
}

/**
 * Notes the portal of a call, after it has shown that it is the one. From here on its calls are counted.
 * @throws TooManyCalls when it has used up its calls
 */
export async function admitPortal(
  { provider, portalBudgets }: CallerDeps,
  ctx: Context,
  { id }: Pick<Client, 'id'>,
): Promise<OidcClient | undefined> {
  const client = await provider.Client.find(id)
  if (!client) return undefined
  withClient(provider, ctx, client)
  portalBudgets.admitCall(ctx, client)
  return client
}
