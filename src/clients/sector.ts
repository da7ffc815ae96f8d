import type { ClientMetadata } from './metadata.ts'

/**
 * The sector identifier that pairwise subjects are made for, as oidc-provider computes it (OIDC Core 8.1): the host of the sector
 * address, else of the first redirect address. An app's own scheme has the empty host, which all such apps share. Undefined where
 * subjects are public, or nobody signs in.
 */
export function effectiveSector(
  client: Pick<ClientMetadata, 'subject_type' | 'sector' | 'redirect_uris'>,
): string | undefined {
  if (client.subject_type !== 'pairwise') return undefined
  const uri = client.sector ?? client.redirect_uris[0]
  return uri === undefined ? undefined : URL.parse(uri)?.host
}
