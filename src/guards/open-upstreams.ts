import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { createSigner } from '../keys/document-signatures.ts'
import { createUpstreams, type OpenUpstreams } from '../upstreams/open-upstreams.ts'
import { readUpstreams } from '../upstreams/upstreams.ts'
import { createUpstreamFetch } from './upstream-fetch.ts'

/** The upstreams of the settings, and the calls to them. @throws SettingsError for a file that cannot be used */
export const openUpstreams = (
  settings: Settings,
  clock: Clock,
  traced?: Parameters<typeof createUpstreamFetch>[1],
): OpenUpstreams =>
  createUpstreams({
    upstreams: readUpstreams(settings),
    fetch: createUpstreamFetch(settings, traced),
    sign: createSigner(settings.keysDir, clock),
    issuer: settings.issuer,
    clock,
  })
