import type { KoaContextWithOIDC } from 'oidc-provider'
import { upstreamId } from '../config/upstream-id.ts'

/**
 * Keeps `idp_hint`, the upstream that a portal asks for by name, where it can be the id of one. Any other value is ignored and not
 * stored, of any size. It chooses among the ways of the sign-in page, and never where the browser goes in the end.
 */
export function keepHint({ oidc }: KoaContextWithOIDC, hint: unknown): void {
  if (hint === undefined || (typeof hint === 'string' && upstreamId.test(hint))) return
  if (oidc.params) oidc.params['idp_hint'] = undefined
}
