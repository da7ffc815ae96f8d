import { linkId, type UpstreamLink } from '../../../accounts/upstream-links.ts'
import type { SessionOrigin } from '../../../sessions/session-origin.ts'
import type { MethodServices } from '../../method-services.ts'
import { upstream } from './declaration.ts'

/** The services that sign-in by an upstream takes. */
export type UpstreamDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'database'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'register'
  | 'matches'
  | 'methodLocks'
  | 'notifier'
  | 'sessions'
  | 'audit'
  | 'upstreams'
  | 'upstreamLinks'
  | 'upstreamSessions'
>

export const { name } = upstream

/** The upstream of a session, beside its method. */
export const originOf = (id: string) => `${name}:${id}`

/** What a session by a link rests on: the loss of the upstream, or of the link, ends it. */
export const throughOf = (link: UpstreamLink): Pick<SessionOrigin, 'methods' | 'authenticators'> => ({
  methods: [originOf(link.upstream)],
  authenticators: [linkId(link)],
})
