import type { KoaContextWithOIDC } from 'oidc-provider'

interface Claims {
  /** The principal. */
  sub: string
  /** The person who acts (RFC 8693 section 4.1). */
  act: { sub: string }
}

/** The claims of exchanged tokens. oidc-provider asks for them in two hooks while it signs a token. */
export interface ActorClaims {
  set(token: object, claims: Claims): void
  /** For `extraTokenClaims`. */
  extra(ctx: unknown, token: object): { act: Claims['act'] } | undefined
  /** For the JWT customizer: it can set `sub`. */
  customize(ctx: KoaContextWithOIDC, token: object, parts: { payload: Record<string, unknown> }): void
}

export function createActorClaims(): ActorClaims {
  const byToken = new WeakMap<object, Claims>()
  return {
    set: (token, claims) => void byToken.set(token, claims),
    extra(_ctx, token) {
      const claims = byToken.get(token)
      return claims && { act: claims.act }
    },
    customize(_ctx, token, parts) {
      const claims = byToken.get(token)
      if (claims) parts.payload['sub'] = claims.sub
    },
  }
}
