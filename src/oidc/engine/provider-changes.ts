import { Provider, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import { acrAsAsked } from '../../assurance/levels.ts'
import type { Client } from '../../clients/client.ts'
import { secretMatches } from '../../clients/secrets.ts'
import { requestOf } from '../../pages/request-context.ts'
import { assertSecretMethod } from '../client-authentication.ts'
import type { Deliver } from '../../sessions/sessions.ts'
import { TooManyCalls } from '../../guards/portal-budgets.ts'
import { acrValuesOf } from '../prompts.ts'
import type { SecretGuesses } from '../../guards/secret-guesses.ts'

// What oidc-provider does otherwise here, where it has no setting for it.

/** A code, and the tokens it becomes, say the level by the name the portal asked for (config/levels.json `aliases`). */
export function nameLevelsAsAsked(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return acrAsAsked(this.session?.acr, acrValuesOf(this.params ?? {}))
    },
  })
}

/** oidc-provider compares a client's whole metadata at each look: the same registration is the same client. */
export function findClientsOnce(provider: Provider, findClient: (id: string) => Promise<Client | undefined>): void {
  const known = new WeakMap<Client, Promise<OidcClient | undefined>>()
  const find = provider.Client.find.bind(provider.Client)
  provider.Client.find = async (id: unknown) => {
    // the audience of a token that nobody has looked at yet may be anything
    if (typeof id !== 'string') return undefined
    const registered = await findClient(id)
    if (!registered) return undefined
    let client = known.get(registered)
    if (!client) {
      client = find(id)
      known.set(registered, client)
    }
    return client
  }
}

interface ClientPrototype {
  compareClientSecret(this: OidcClient, actual: string): Promise<boolean>
  backchannelLogout(this: OidcClient, personId: string, sessionId: string): Promise<void>
}

/**
 * oidc-provider holds the hash where it expects the secret (client-metadata.ts), so the comparison is ours; it is made at
 * every endpoint where portals prove who they are.
 */
export function compareSecretsByHash(provider: Provider, guesses: SecretGuesses): void {
  const prototype = provider.Client.prototype as unknown as ClientPrototype
  prototype.compareClientSecret = async function compareClientSecret(actual) {
    const { ctx } = Provider
    if (!ctx) throw new Error('a secret is compared within a request only')
    assertSecretMethod(ctx, this)
    const request = requestOf(ctx)
    const wait = guesses.wait(this.clientId, request)
    if (wait > 0) throw new TooManyCalls(wait, 'too many wrong secrets of this client from your network')
    const right = this.clientSecret !== undefined && secretMatches(this.clientSecret, actual)
    if (right) guesses.right(this.clientId, request)
    else await guesses.wrong(this.clientId, request)
    return right
  }
}

/**
 * Puts our deliveries between oidc-provider's sign-out and the portals: it hands each notice to `send`.
 * Returns what really delivers one.
 */
export function keepLogouts(provider: Provider, send: (notice: Parameters<Deliver>[0]) => Promise<void>): Deliver {
  const prototype = provider.Client.prototype as unknown as ClientPrototype
  const deliverNow = prototype.backchannelLogout
  prototype.backchannelLogout = function backchannelLogout(personId, sessionId) {
    return send({ clientId: this.clientId, personId, sessionId })
  }
  return async ({ clientId, personId, sessionId }) => {
    const client = await provider.Client.find(clientId)
    if (!client?.backchannelLogoutUri) return
    await deliverNow.call(client, personId, sessionId)
  }
}
