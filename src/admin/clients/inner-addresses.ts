import { isIP } from 'node:net'
import type { ClientMetadata } from '../../clients/metadata.ts'
import { isLoopback } from '../../clients/registration-rules.ts'
import { hostOf, isPublic } from '../../guards/reachable.ts'

/** Notes for addresses that a server in production asks only in the networks of its setting. */
export function notesOfInnerAddresses(client: Pick<ClientMetadata, 'backchannel_logout_uri' | 'jwks_uri'>): string[] {
  const isInner = (uri: string) => {
    const url = new URL(uri)
    const host = hostOf(url)
    return isLoopback(url) || (isIP(host) !== 0 && !isPublic(host))
  }
  const inner = [client.backchannel_logout_uri, client.jwks_uri].filter((uri) => uri !== undefined && isInner(uri))
  return inner.map((uri) => `${uri} is not on the public internet: name its network in YIDENG_OUTBOUND_NETWORKS.`)
}
