import { decodeProtectedHeader } from 'jose'
import type { Client, Provider } from 'oidc-provider'
import { assertPayload } from './internals.ts'
import { readOwnSm2Token, sm2HeaderOf } from './sm2-tokens.ts'

type Validate = (jwt: string, client: Client) => Promise<unknown>

/**
 * An `id_token_hint` need only be ours (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 1.0 section 2). oidc-provider asks
 * for the algorithm of the portal's present registration. Here each algorithm that we sign with will do.
 */
export function acceptOwnHints(provider: Provider, algorithms: readonly string[]): void {
  const model = provider.IdToken as unknown as { validate: Validate }
  const validate = model.validate.bind(model)
  model.validate = async (jwt, client) => {
    if (sm2HeaderOf(jwt)) return validateSm2(provider, jwt, client)
    const signedBy = algorithms.find((known) => known === algorithmOf(jwt))
    if (signedBy === undefined) return validate(jwt, client)
    const asThen = Object.create(client, { idTokenSignedResponseAlg: { value: signedBy } }) as Client
    return validate(jwt, asThen)
  }
}

/** The same checks as `validate` of oidc-provider makes for its own algorithms. */
async function validateSm2(provider: Provider, jwt: string, client: Client): Promise<unknown> {
  const own = await readOwnSm2Token(provider, jwt)
  if (!own) throw new Error('the signature is not one of ours')
  const { issuer } = provider
  assertPayload(own.payload, { issuer, audience: client.clientId, subject: true, ignoreExpiration: true })
  return own
}

function algorithmOf(jwt: string): unknown {
  try {
    return decodeProtectedHeader(jwt).alg
  } catch {
    return undefined
  }
}
