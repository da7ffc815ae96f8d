import { randomBytes } from 'node:crypto'
import { createUpstreamFetch } from '../../../src/guards/upstream-fetch.ts'
import { createUpstreams } from '../../../src/upstreams/open-upstreams.ts'
import type { UpstreamClient, UpstreamStep } from '../../../src/upstreams/upstream-client.ts'
import type { Upstream } from '../../../src/upstreams/upstreams.ts'
import { ownSigner } from './open.ts'

/** Our own issuer, where no server is needed. */
export const ownIssuer = 'http://localhost:3999'

/** The client of one upstream without a server around it. */
export function upstreamClient(
  row: Upstream,
  { production = false, clock = Date.now }: { production?: boolean; clock?: () => number } = {},
): UpstreamClient {
  const fetch = createUpstreamFetch({ production, outboundNetworks: [] })
  const client = createUpstreams({ upstreams: [row], fetch, clock, issuer: ownIssuer, sign: ownSigner().sign }).client(
    row.id,
  )
  if (!client) throw new Error(`the kind ${row.kind} has no client`)
  return client
}

/** A step with fresh values. */
export const stepOf = (other: Partial<UpstreamStep> = {}): UpstreamStep => ({
  callback: `${ownIssuer}/upstream/city/callback`,
  state: randomBytes(20).toString('hex'),
  nonce: randomBytes(20).toString('hex'),
  verifier: randomBytes(32).toString('hex'),
  level: 2,
  ...other,
})
