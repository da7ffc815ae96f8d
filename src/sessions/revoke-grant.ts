import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'

const tokenKinds = ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode', 'LegacyToken']

/**
 * Ends a grant with all its codes and tokens (src/oidc/artifacts/ stores them).
 * A code or token that is written later has no effect: each use needs the grant.
 */
export async function revokeGrant(artifacts: Artifacts, grantId: string): Promise<void> {
  await artifacts.remove('Grant', hashId(grantId))
  await Promise.all(tokenKinds.map((kind) => artifacts.removeGroup(kind, grantId)))
}
