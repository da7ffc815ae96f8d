import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'

const tokenKinds = ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode']

/**
 * Ends a grant with all its codes and tokens (src/oidc/adapter.ts keeps them so). A code or token that is written afterwards is of
 * no use: wherever one is taken, its grant has to be there.
 */
export async function revokeGrant(artifacts: Artifacts, grantId: string): Promise<void> {
  await artifacts.remove('Grant', hashId(grantId))
  await Promise.all(tokenKinds.map((kind) => artifacts.removeGroup(kind, grantId)))
}
