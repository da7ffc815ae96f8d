import type { KoaContextWithOIDC } from 'oidc-provider'

/** Answers a request whole, or changes nothing and returns false. */
export type Direct = (ctx: KoaContextWithOIDC) => Promise<boolean>

/** As oidc-provider sets them for a request without `Origin` (Fetch, section 3.2). */
export function setAnswerHeaders({ res }: Pick<KoaContextWithOIDC, 'res'>): void {
  res.setHeader('vary', 'Origin')
  res.setHeader('access-control-allow-origin', '*')
  res.setHeader('access-control-expose-headers', 'WWW-Authenticate')
  res.setHeader('cache-control', 'no-store')
}
