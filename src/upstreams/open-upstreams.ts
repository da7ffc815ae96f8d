import type { UpstreamClient, Upstreams } from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'

/** @param open makes the client of one upstream, by its kind; undefined for a kind that is not built yet */
export function createUpstreams(
  upstreams: readonly Upstream[],
  open: (upstream: Upstream) => UpstreamClient | undefined,
): Upstreams {
  const clients = new Map(upstreams.map((one) => [one.id, open(one)]))
  return { list: () => upstreams, client: (id) => clients.get(id) }
}
