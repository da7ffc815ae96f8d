import { Provider, type AdapterFactory } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import type { TokenKey } from '../keys/token-keys.ts'
import { toOidcMetadata, tokenExchange } from './client-metadata.ts'
import { addSm2Keys, keySet } from './engine/provider-key-set.ts'
import { fixedConfiguration } from './provider-configuration.ts'

/** Why oidc-provider would refuse every request of a portal; undefined where it would not. */
export type FaultOfRegistration = (client: Client) => Promise<string | undefined>

const never = async () => {
  throw new Error('a provider that only checks registrations stores nothing')
}
const noStore: AdapterFactory = () => ({
  upsert: never,
  find: never,
  findByUserCode: never,
  findByUid: never,
  consume: never,
  destroy: never,
  revokeByGrantId: never,
})

/** Builds oidc-provider's own client from a registration. Only its schema is used: this provider answers no request. */
export function createRegistrationCheck(signingKeys: readonly TokenKey[]): FaultOfRegistration {
  const provider = new Provider('https://registration.invalid', {
    ...fixedConfiguration,
    adapter: noStore,
    jwks: keySet(signingKeys),
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      pushedAuthorizationRequests: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
  })
  addSm2Keys(provider, signingKeys)
  // RFC 8693: the server registers it in src/oidc/token-exchange
  provider.registerGrantType(tokenExchange, async () => undefined)
  return async (client) => {
    try {
      await provider.Client.validate(toOidcMetadata(client))
      return undefined
    } catch (error) {
      const { error_description: description, message } = error as Error & { error_description?: string }
      return description ?? message
    }
  }
}
