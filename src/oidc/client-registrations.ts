import type { Client as OidcClient } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'

/** Where a client of oidc-provider holds its registration: metadata of our own (OpenID Connect Dynamic Client Registration 1.0 section 2). */
export const registrationField = 'yideng_registration'

/** The registration behind a client of oidc-provider. Each client is made from one (client-metadata.ts). */
export function registrationOf(client: OidcClient): Client {
  const registration = client[registrationField] as Client | undefined
  if (!registration) throw new Error('a client without its registration')
  return registration
}
