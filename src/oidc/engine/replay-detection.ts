import type { Provider } from 'oidc-provider'
import type { Clock } from '../../config/clock.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { hashId } from '../../storage/hash-id.ts'

/**
 * oidc-provider first reads a `jti` and writes it later, so parallel requests could all use one proof.
 * Here one atomic step adds it. Client assertions (RFC 7523 section 3) and DPoP proofs (RFC 9449 section 11.1) count once.
 */
export function detectReplaysAtomically(provider: Provider, artifacts: Pick<Artifacts, 'add'>, clock: Clock): void {
  const model = provider.ReplayDetection as unknown as {
    /** @param exp seconds since 1970 UTC; until then the same `jti` is refused */
    unique(iss: string, jti: string, exp: number): Promise<boolean>
  }
  model.unique = (iss, jti, exp) => {
    const ttl = Math.max(1, Math.ceil(exp - clock() / 1000))
    return artifacts.add('ReplayDetection', hashId(JSON.stringify([iss, jti])), '1', { ttl })
  }
}
