import { Provider, type AdapterPayload, type KoaContextWithOIDC } from 'oidc-provider'
import type { Artifacts } from '../../storage/artifacts.ts'
import { commandLineId } from '../command-line-client.ts'

/**
 * The key (RFC 9449) of a command line that signs out in this request. Each sign-in of a command line has its own key.
 * Several of them share a grant when one browser approved them. Only tokens of this key end.
 */
export function keyOfCommandLine(ctx: KoaContextWithOIDC | undefined): string | undefined {
  if (ctx?.oidc?.route !== 'revocation') return undefined
  const { RefreshToken, AccessToken } = ctx.oidc.entities
  const token = RefreshToken ?? AccessToken
  return token?.clientId === commandLineId ? token.jkt : undefined
}

/** Removes the artifacts of one kind that belong to a grant. For a command line: only those of its own key. */
export async function removeOfGrant(artifacts: Artifacts, kind: string, grantId: string): Promise<void> {
  const key = keyOfCommandLine(Provider.ctx)
  if (key === undefined) return artifacts.removeGroup(kind, grantId)
  for (const { id, value } of await artifacts.listGroup(kind, grantId)) {
    if ((JSON.parse(value) as AdapterPayload).jkt === key) await artifacts.remove(kind, id)
  }
}
