import { decodeJwt } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'

const offlineAccess = 'offline_access'

/** What a portal sent: by its address or form, in a request object, or pushed before (RFC 9101, RFC 9126). */
function sentScope({ method, query, oidc }: KoaContextWithOIDC): unknown {
  const pushed = (oidc.entities['PushedAuthorizationRequest'] as { request?: string } | undefined)?.request
  const { request, scope } = (method === 'POST' ? oidc.body : query) ?? {}
  const object = pushed ?? request
  // oidc-provider has checked the object
  return typeof object === 'string' ? decodeJwt(object)['scope'] : scope
}

/**
 * OpenID Connect Core section 11: `offline_access` needs `prompt=consent`, unless other conditions are in place. Here the
 * condition is a consent that names it: registered as implicit, remembered, or asked for now. oidc-provider knows no other
 * condition and has removed the scope, so this puts it back.
 */
export function keepOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc
  const sent = sentScope(ctx)
  if (!params || typeof sent !== 'string' || !sent.split(' ').includes(offlineAccess)) return
  const scopes = typeof params['scope'] === 'string' ? params['scope'].split(' ') : []
  if (scopes.includes(offlineAccess)) return
  if (!client?.grantTypeAllowed('refresh_token') || !client.scope?.split(' ').includes(offlineAccess)) return
  params['scope'] = [...scopes, offlineAccess].join(' ')
}

/** `prompt=none` shows no page: without a consent that names it, the scope is left out (OpenID Connect Core section 11). */
export function leaveOutOfflineAccess({ oidc }: KoaContextWithOIDC): void {
  const { params } = oidc
  if (!params || typeof params['scope'] !== 'string') return
  params['scope'] = params['scope']
    .split(' ')
    .filter((scope) => scope !== offlineAccess)
    .join(' ')
}
