import type { ClientMetadata } from './metadata.ts'

/**
 * The sector identifier for pairwise subjects, as oidc-provider computes it (OIDC Core 8.1): the host of the sector address, or of
 * the first redirect address. All apps with their own scheme share the empty host. Undefined for public subjects and services.
 */
export function effectiveSector(
  client: Pick<ClientMetadata, 'subject_type' | 'sector' | 'redirect_uris'>,
): string | undefined {
  if (client.subject_type !== 'pairwise') return undefined
  const uri = client.sector ?? client.redirect_uris[0]
  return uri === undefined ? undefined : URL.parse(uri)?.host
}
