import { createHmac, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Client as OidcClient, KoaContextWithOIDC } from 'oidc-provider'

/** Bound of the cache: one sign-in asks several times. */
const mostCached = 10_000

/** How each portal knows a person. */
export interface Subjects {
  /** For `pairwiseIdentifier`: a subject per sector (OpenID Connect Core section 8.1). */
  pairwise(ctx: KoaContextWithOIDC, personId: string, client: OidcClient): string
  /** The `sub` of a person at the portal of this request. */
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
}

export function createSubjects(pairwiseKey: KeyObject): Subjects {
  const cache = new LRUCache<string, string>({ max: mostCached })

  function pairwise(_ctx: KoaContextWithOIDC, personId: string, client: OidcClient): string {
    const input = `${String(client.sectorIdentifier)}\0${personId}`
    let subject = cache.get(input)
    if (subject === undefined) {
      subject = createHmac('sha256', pairwiseKey).update(input).digest('base64url')
      cache.set(input, subject)
    }
    return subject
  }

  return {
    pairwise,
    subjectOf(ctx, personId) {
      const { client } = ctx.oidc
      if (!client) throw new Error('only a portal knows a subject')
      return client.subjectType === 'pairwise' ? pairwise(ctx, personId, client) : personId
    },
  }
}
