import { errors, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { registrationOf } from './client-registrations.ts'

/** What a request without a code challenge needs (RFC 7636 section 4.4.1). */
type Instead = 'nothing' | 'nonce' | 'challenge'

/**
 * Public clients and FAPI 2.0 always need a challenge (RFC 9700 section 2.1.1, FAPI 2.0 Security Profile section 5.3.2.2).
 * Legacy protocols know neither challenge nor nonce, and only their own endpoints begin such a request.
 */
function insteadOfChallenge({ auth_method, type, profile, pkce, legacy }: Client): Instead {
  if (legacy !== undefined) return 'nothing'
  const isPublic = auth_method === 'none' || type === 'native' || type === 'spa'
  if (isPublic || profile === 'fapi2' || pkce === 'required') return 'challenge'
  return pkce === 'or-nonce' ? 'nonce' : 'nothing'
}

/**
 * For oidc-provider's `pkce.required`, which is asked where a request has no challenge. A challenge that was sent is always
 * checked.
 * @throws InvalidRequest for a request that has neither a challenge nor a nonce, where one of them is needed
 */
export function needsChallenge({ oidc }: KoaContextWithOIDC, client: OidcClient): boolean {
  const instead = insteadOfChallenge(registrationOf(client))
  if (instead === 'challenge') throw new errors.InvalidRequest('this client needs PKCE: send code_challenge with S256')
  if (instead === 'nonce' && !oidc.params?.['nonce'])
    throw new errors.InvalidRequest('this client needs PKCE (code_challenge with S256) or a nonce')
  return false
}
