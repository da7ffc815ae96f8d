import type { ClientMetadata } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { effectiveSector } from '../clients/sector.ts'
import { registrationField } from './client-registrations.ts'

/** RFC 8693. */
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 8628. */
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'

/** Seconds. To approve a command line, an administrator signs in again. */
const freshSeconds = 300

/** A registration as OpenID Connect Dynamic Client Registration 1.0 metadata, for oidc-provider. */
export function toOidcMetadata(client: Client): ClientMetadata {
  return { ...(client.administers ? deviceMetadata(client) : portalMetadata(client)), [registrationField]: client }
}

/** The device flow has no redirects. Type `web`: oidc-provider asks native clients for consent, and the confirm page is the consent. */
function deviceMetadata(client: Client): ClientMetadata {
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: 'web',
    redirect_uris: [],
    response_types: [],
    grant_types: [deviceCode, 'refresh_token'],
    token_endpoint_auth_method: 'none',
    scope: client.scope.join(' '),
    id_token_signed_response_alg: client.id_token_alg,
    subject_type: client.subject_type,
    dpop_bound_access_tokens: true,
    default_max_age: freshSeconds,
  }
}

/** Only a client with authentication may act for a principal, at the APIs in its registration. */
export const mayExchange = (client: Client): boolean =>
  client.scope.includes('representee') && client.auth_method !== 'none' && client.resources.length > 0

/** FAPI 2.0 Security Profile sections 5.3.2.1 and 5.3.2.2: pushed requests, tokens bound to a key of the client. */
const fapi2 = { require_pushed_authorization_requests: true, dpop_bound_access_tokens: true }

/** oidc-provider takes the host of an https address. Registrations of older versions may name an http address. */
function sectorOf(client: Client): Pick<ClientMetadata, 'sector_identifier_uri'> {
  const sector = effectiveSector(client)
  const asProviderDoes = client.sector === undefined && client.sector_rule === 'host'
  return sector === undefined || sector === '' || asProviderDoes ? {} : { sector_identifier_uri: `https://${sector}/` }
}

function portalMetadata(client: Client): ClientMetadata {
  const service = client.type === 'service'
  const offline = client.scope.includes('offline_access')
  const exchange = mayExchange(client) ? [tokenExchange] : []
  const signIn = ['authorization_code', ...(offline ? ['refresh_token'] : []), ...exchange]
  return {
    client_id: client.id,
    client_name: client.name,
    // the hash, not the secret: `compareClientSecret` (engine/client-secrets.ts) compares with it. So HS256 must stay off.
    ...(client.secretHash ? { client_secret: client.secretHash } : {}),
    application_type: client.type === 'native' ? 'native' : 'web',
    redirect_uris: client.redirect_uris,
    post_logout_redirect_uris: afterLogout(client),
    response_types: service ? [] : ['code'],
    grant_types: service ? ['client_credentials'] : signIn,
    token_endpoint_auth_method: client.auth_method,
    scope: client.scope.join(' '),
    id_token_signed_response_alg: client.id_token_alg,
    subject_type: client.subject_type,
    ...(client.profile === 'fapi2' ? fapi2 : {}),
    ...sectorOf(client),
    ...(client.jwks === undefined ? {} : { jwks: client.jwks as NonNullable<ClientMetadata['jwks']> }),
    ...(client.jwks_uri ? { jwks_uri: client.jwks_uri } : {}),
    ...backchannel(client),
  }
}

/** In CAS the service itself is where a sign-out leads, and where its message goes (CAS Protocol 3.0.3 section 2.3). */
const afterLogout = ({ legacy, redirect_uris: services, post_logout_redirect_uris: others }: Client): string[] =>
  legacy === 'cas' ? [...new Set([...others, ...services])] : others

function backchannel({ legacy, redirect_uris: [service], backchannel_logout_uri: registered }: Client) {
  const backchannel_logout_uri = legacy === 'cas' ? service : registered
  return backchannel_logout_uri ? { backchannel_logout_uri, backchannel_logout_session_required: true } : {}
}
