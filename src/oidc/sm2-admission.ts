import type { Client as OidcClient, KoaContextWithOIDC } from 'oidc-provider'
import { sm2Algorithm } from '../keys/guomi/sm2.ts'
import type { SignatureServer } from '../keys/guomi/svs/signature-server.ts'

/** Where a sign-in begins, and where tokens are made. Other calls need no signature. */
const signing: ReadonlySet<string | undefined> = new Set(['authorization', 'pushed_authorization_request', 'token'])

/**
 * Refuses a request of a portal with SM2 while its signature server is down. So no person types a password in vain, and no
 * code or refresh token is used up. Other portals are not concerned.
 * @throws SignerUnavailable: a calm page, 503 for programs
 */
export async function refuseWithoutSigner(
  server: Pick<SignatureServer, 'assertReady'> | undefined,
  { oidc }: KoaContextWithOIDC,
  client: OidcClient,
): Promise<void> {
  const { idTokenSignedResponseAlg: alg } = client as { idTokenSignedResponseAlg?: string }
  if (alg === sm2Algorithm && signing.has(oidc.route)) await server?.assertReady()
}
