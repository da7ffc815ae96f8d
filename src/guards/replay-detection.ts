import type { Provider } from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'

/**
 * Accepts each client assertion (RFC 7523 section 3) and DPoP proof (RFC 9449 section 11.1) once, by one atomic write.
 * oidc-provider reads first and writes later, so several at once would all be accepted.
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
