import type { KoaContextWithOIDC } from 'oidc-provider'

interface Claims {
  /** The principal. */
  sub: string
  /** The person who acts (RFC 8693 section 4.1). */
  act: { sub: string }
  /** The sign-in of the subject token. */
  signIn?: Record<string, unknown> | undefined
}

/** The claims of exchanged tokens. oidc-provider asks for them in two hooks while it signs a token. */
export interface ActorClaims {
  set(token: object, claims: Claims): void
  /** For `extraTokenClaims`. */
  extra(ctx: unknown, token: object): Record<string, unknown> | undefined
  /** For the JWT customizer: it can set `sub`. */
  customize(ctx: KoaContextWithOIDC, token: object, parts: { payload: Record<string, unknown> }): void
}

interface SignIn {
  acr?: string
  amr?: string[]
  authTime?: number
}

/** How the person signed in (RFC 9068 section 2.2.1), for introspection and an exchange. It stays the same at each refresh. */
function signInClaims(ctx: unknown): Record<string, unknown> | undefined {
  const { AuthorizationCode, RefreshToken } = (ctx as KoaContextWithOIDC | undefined)?.oidc.entities ?? {}
  const source = (AuthorizationCode ?? RefreshToken) as SignIn | undefined
  if (source?.authTime === undefined) return undefined
  const { acr, amr, authTime: auth_time } = source
  return { auth_time, ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) }
}

export function createActorClaims(): ActorClaims {
  const byToken = new WeakMap<object, Claims>()
  return {
    set: (token, claims) => void byToken.set(token, claims),
    extra(ctx, token) {
      const claims = byToken.get(token)
      const signIn = claims?.signIn ?? signInClaims(ctx)
      return claims || signIn ? { ...signIn, ...(claims && { act: claims.act }) } : undefined
    },
    customize(_ctx, token, parts) {
      const claims = byToken.get(token)
      if (claims) parts.payload['sub'] = claims.sub
    },
  }
}
