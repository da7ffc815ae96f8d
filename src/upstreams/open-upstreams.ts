import { createAdapterUpstream } from './adapter.ts'
import { createCasUpstream } from './cas.ts'
import type { KindDeps } from './kind-deps.ts'
import { createOAuth2Upstream } from './oauth2.ts'
import { createOidcUpstream } from './oidc-client.ts'
import type { UpstreamClient, Upstreams } from './upstream-client.ts'
import type { Upstream, UpstreamKind } from './upstreams.ts'

/** Makes the client of an upstream. */
const kinds: Readonly<Record<UpstreamKind, (upstream: Upstream, deps: KindDeps) => UpstreamClient>> = {
  oidc: createOidcUpstream,
  oauth2: createOAuth2Upstream,
  cas: createCasUpstream,
  adapter: createAdapterUpstream,
}

/** The upstreams of a process, whose list may be replaced. */
export interface OpenUpstreams extends Upstreams {
  /** Takes a new list. An upstream whose row and keys are unchanged keeps its client, with what that has learned. */
  replace(upstreams: readonly Upstream[]): void
}

interface Opened {
  text: string
  upstream: Upstream
  client: UpstreamClient
}

/** @throws SettingsError for a key that is none */
export function createUpstreams(deps: KindDeps & { upstreams: readonly Upstream[] }): OpenUpstreams {
  const open = (upstream: Upstream, before?: ReadonlyMap<string, Opened>): Opened => {
    const text = JSON.stringify(upstream)
    const known = before?.get(upstream.id)
    return known?.text === text ? known : { text, upstream, client: kinds[upstream.kind](upstream, deps) }
  }
  const opened = (upstreams: readonly Upstream[], before?: ReadonlyMap<string, Opened>) =>
    new Map(upstreams.map((one) => [one.id, open(one, before)]))
  let now = opened(deps.upstreams)
  return {
    list: () => [...now.values()].map(({ upstream }) => upstream),
    client: (id) => now.get(id)?.client,
    replace(upstreams) {
      now = opened(upstreams, now)
    },
  }
}
