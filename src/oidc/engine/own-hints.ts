import { decodeProtectedHeader } from 'jose'
import type { Client, Provider } from 'oidc-provider'

type Validate = (jwt: string, client: Client) => Promise<unknown>

/**
 * An `id_token_hint` need only be ours (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 1.0 section 2). oidc-provider asks
 * for the algorithm of the portal's present registration. Here each algorithm that we sign with will do.
 */
export function acceptOwnHints(provider: Provider, algorithms: readonly string[]): void {
  const model = provider.IdToken as unknown as { validate: Validate }
  const validate = model.validate.bind(model)
  model.validate = (jwt, client) => {
    const signedBy = algorithms.find((known) => known === algorithmOf(jwt))
    if (signedBy === undefined) return validate(jwt, client)
    const asThen = Object.create(client, { idTokenSignedResponseAlg: { value: signedBy } }) as Client
    return validate(jwt, asThen)
  }
}

function algorithmOf(jwt: string): unknown {
  try {
    return decodeProtectedHeader(jwt).alg
  } catch {
    return undefined
  }
}
