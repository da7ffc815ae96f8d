import { hash } from 'node:crypto'
import type { Artifacts } from '../storage/artifacts.ts'

/** Ends a grant with all its codes and tokens (src/oidc/adapter.ts keeps them so). */
export async function revokeGrant(artifacts: Artifacts, grantId: string): Promise<void> {
  const kinds = ['AccessToken', 'RefreshToken', 'AuthorizationCode']
  await Promise.all(kinds.map((kind) => artifacts.removeGroup(kind, grantId)))
  await artifacts.remove('Grant', hash('sha256', grantId, 'base64url'))
}
