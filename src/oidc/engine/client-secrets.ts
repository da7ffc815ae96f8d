import { Provider, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import { secretMatches } from '../../clients/secrets.ts'
import { TooManyCalls } from '../../guards/portal-budgets.ts'
import type { SecretGuesses } from '../../guards/secret-guesses.ts'
import { requestOf } from '../../pages/request-context.ts'
import { assertSecretMethod } from '../client-authentication.ts'

interface ClientPrototype {
  compareClientSecret(this: OidcClient, actual: string): Promise<boolean>
}

/**
 * oidc-provider holds the hash of a secret as `client_secret` (client-metadata.ts), so this server compares the two.
 * Every endpoint that authenticates clients comes here, so guesses are counted here too.
 */
export function compareSecretsByHash(provider: Provider, guesses: SecretGuesses): AuthenticateClient {
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
  return (ctx, client, secret) => {
    if (client.clientAuthMethod !== 'client_secret_basic' || client.clientSecret === undefined) return false
    const request = requestOf(ctx)
    if (guesses.wait(client.clientId, request) > 0 || !secretMatches(client.clientSecret, secret)) return false
    guesses.right(client.clientId, request)
    return true
  }
}

/**
 * Whether the secret in the header authenticates this client; our registrations have no secrets that expire. It counts no wrong one:
 * oidc-provider compares that one again.
 */
export type AuthenticateClient = (ctx: KoaContextWithOIDC, client: OidcClient, secret: string) => boolean
