import { errors, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { registrationOf } from './client-registrations.ts'

/** One hour, the default of common libraries, and one minute for clocks that differ. `jti` makes it usable once. */
const longestSeconds = 3660

const assertion = z.object({
  aud: z.union([z.string(), z.array(z.string()).length(1)]),
  exp: z.number(),
  jti: z.string(),
})

/** FAPI 2.0 Security Profile section 5.4.1. */
const fapi2Algorithms: ReadonlySet<unknown> = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519'])
const fapi2Refusal = 'profile fapi2 takes signatures by PS256, ES256 and EdDSA only'

const maySignWith = (client: OidcClient, header: unknown): boolean =>
  registrationOf(client).profile !== 'fapi2' || fapi2Algorithms.has((header as { alg?: unknown }).alg)

/**
 * For oidc-provider's `assertJwtClaimsAndHeader` of request objects (RFC 9101). It keeps a pushed request as an object of its own
 * without a signature; that one was checked when it was pushed.
 */
export function assertRequestObject(
  { oidc }: KoaContextWithOIDC,
  _claims: unknown,
  header: unknown,
  client: OidcClient,
): void {
  if (oidc.entities.PushedAuthorizationRequest) return
  if (!maySignWith(client, header)) throw new errors.InvalidRequestObject(fapi2Refusal)
}

/**
 * For oidc-provider's `assertJwtClientAuthClaimsAndHeader` (RFC 7523 section 3, RFC 9126 section 2).
 * oidc-provider has checked the signature, `iss`, `sub`, and that `aud` names this server. This adds two limits.
 * There is no second audience, and the assertion ends soon.
 * FAPI 2.0 Security Profile section 5.3.2.1: the audience is the issuer, as one string.
 */
export function createAssertClientAssertion(clock: Clock) {
  return (ctx: KoaContextWithOIDC, claims: unknown, header: unknown, client: OidcClient): void => {
    if (!maySignWith(client, header)) throw new errors.InvalidClientAuth(fapi2Refusal)
    const read = assertion.safeParse(claims)
    if (!read.success) throw new errors.InvalidClientAuth('aud must be one audience, exp a number and jti a string')
    if (registrationOf(client).profile === 'fapi2' && read.data.aud !== ctx.oidc.issuer)
      throw new errors.InvalidClientAuth('aud must be the issuer, as one string')
    if (read.data.exp > clock() / 1000 + longestSeconds) throw new errors.InvalidClientAuth('exp is too far ahead')
  }
}

/**
 * oidc-provider accepts a secret in the header and in the body, regardless of the registration.
 * @throws InvalidClientAuth for a secret in the other place than the registered one (RFC 6749 section 2.3)
 */
export function assertSecretMethod(ctx: KoaContextWithOIDC, client: OidcClient): void {
  const used = ctx.oidc.params?.['client_secret'] ? 'client_secret_post' : 'client_secret_basic'
  if (client.clientAuthMethod !== used) throw new errors.InvalidClientAuth(`registered for ${client.clientAuthMethod}`)
}
