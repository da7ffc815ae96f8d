import type { Clock } from '../config/clock.ts'
import type { SignDocument } from '../keys/document-signatures.ts'
import type { UpstreamFetch } from './upstream-fetch.ts'
import type { Upstream } from './upstreams.ts'

/** What the client of each kind may take. */
export interface KindDeps {
  fetch: UpstreamFetch
  clock: Clock
  /** Our own issuer: an upstream sends browsers back to it. */
  issuer: string
  /** With our current ES256 key, whose public half is at /jwks. */
  sign: SignDocument
}

/** Where an upstream sends the browser back to: one address for each, so that none answers for another (RFC 9700, 4.4.2.2). */
export const callbackOf = ({ issuer }: Pick<KindDeps, 'issuer'>, { id }: Pick<Upstream, 'id'>): string =>
  `${issuer}/upstream/${id}/callback`
