import type { Upstream } from './upstreams.ts'
import type { UpstreamStep } from './upstream-client.ts'

/** How far the clocks of two servers may differ, in seconds. */
const clockSeconds = 60

/**
 * Whether an upstream can be made to ask the person again. An adapter always does (docs/upstream-adapter.md); an OAuth 2.0 of its own has no
 * word for it.
 */
export const asksAgain = ({ kind }: Pick<Upstream, 'kind'>): boolean => kind !== 'oauth2'

/** Whether a sign-in counts for a step. `auth_time` is in seconds (OpenID Connect Core 1.0, 2). */
export const isFreshEnough = ({ freshSince }: Pick<UpstreamStep, 'freshSince'>, authTime: unknown): boolean =>
  freshSince === undefined || (typeof authTime === 'number' && authTime >= Math.floor(freshSince / 1000) - clockSeconds)
