import type { AdapterPayload, Provider } from 'oidc-provider'
import { payloadOf, type Model } from './plain-models.ts'

/**
 * oidc-provider signs JWT access tokens and forgets them. Here they are stored under their `jti` like opaque ones, so they
 * end with their grant, and introspection sees it (RFC 7662 section 2.2).
 */
export function keepJwtTokens(provider: Provider): void {
  const prototype = provider.AccessToken.prototype as unknown as Model
  const issue = prototype.getValueAndPayload
  prototype.getValueAndPayload = async function getValueAndPayload(this: Model) {
    const issued: { value: string; payload?: AdapterPayload } = await issue.call(this)
    return issued.payload ? issued : { ...issued, payload: payloadOf(this) }
  }
}
