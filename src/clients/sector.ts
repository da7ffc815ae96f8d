import type { ClientMetadata } from './metadata.ts'
import { isLoopback } from './registration-rules.ts'

type Sectored = Pick<ClientMetadata, 'type' | 'subject_type' | 'sector' | 'sector_rule' | 'redirect_uris'>

/** An app's own scheme (RFC 8252 section 7.1) is its host. */
const hostnameOf = (url: URL) => url.hostname || url.protocol.slice(0, -1)

/**
 * The sectors of the redirect addresses (OIDC Core 8.1): their hosts, without ports. Loopback addresses of an app belong to its
 * other addresses, or are one sector. Registrations before version 0.2 keep the port, so that no `sub` changes.
 */
export function sectorsOfRedirects({
  type,
  sector_rule,
  redirect_uris,
}: Pick<Sectored, 'type' | 'sector_rule' | 'redirect_uris'>): string[] {
  const urls = redirect_uris.flatMap((uri) => URL.parse(uri) ?? [])
  if (sector_rule === 'host') return [...new Set(urls.map(({ host }) => host))]
  if (type !== 'native') return [...new Set(urls.map(hostnameOf))]
  const own = urls.filter((url) => !isLoopback(url)).map(hostnameOf)
  return own.length > 0 || urls.length === 0 ? [...new Set(own)] : ['localhost']
}

/**
 * The sector identifier of pairwise subjects: the host of the sector address, or of the redirect addresses. Undefined for
 * public subjects and services.
 */
export function effectiveSector(client: Sectored): string | undefined {
  const { subject_type, sector } = client
  if (subject_type !== 'pairwise' || client.type === 'service') return undefined
  return sector === undefined ? sectorsOfRedirects(client)[0] : URL.parse(sector)?.host
}
