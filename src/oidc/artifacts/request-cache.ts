import { Provider, type AdapterPayload } from 'oidc-provider'

/** Text of an artifact in the store. Compare-and-set compares it. */
export type Stored = string | undefined

/** One artifact in one request. */
export interface CachedArtifact {
  /** The id in the store. Undefined for an artifact that was found by its alias. */
  storedId?: string
  stored: Promise<Stored>
  /** The parsed text. oidc-provider may have changed it since, so only its numbers are safe to use. */
  payload?: AdapterPayload
}

const cacheKey = Symbol('artifacts of this request')

/** oidc-provider asks for the same session and grant several times in a request. Without a request nothing is cached. */
export function requestCache(): Map<string, CachedArtifact> {
  const ctx = Provider.ctx as { [cacheKey]?: Map<string, CachedArtifact> } | undefined
  if (!ctx) return new Map()
  ctx[cacheKey] ??= new Map()
  return ctx[cacheKey]
}

export const numbersOf = (cached: CachedArtifact, text: string): AdapterPayload =>
  cached.payload ?? (JSON.parse(text) as AdapterPayload)
