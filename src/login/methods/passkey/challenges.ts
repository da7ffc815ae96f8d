import { randomBytes } from 'node:crypto'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { hashId } from '../../../storage/hash-id.ts'

/** Purpose of a ceremony: a challenge counts for its own purpose only. */
export type Purpose = 'login' | 'enrolment' | 'signature'

const challengeSeconds = 300
const challengeBytes = 32

/**
 * Challenges of WebAuthn ceremonies, each for one holder: a running login, or a session of a person. A new one replaces the
 * one before, so repeated requests fill no store.
 */
export interface Challenges {
  /** @param made base64url, where the challenge depends on the signed text */
  issue(purpose: Purpose, holder: string, made?: string): Promise<string>
  /** The challenge of this holder, once; undefined where it was used, replaced, or is older than five minutes. */
  take(purpose: Purpose, holder: string): Promise<string | undefined>
}

export function createChallenges(artifacts: Artifacts): Challenges {
  const kindOf = (purpose: Purpose) => `passkey-${purpose}`
  return {
    async issue(purpose, holder, made = randomBytes(challengeBytes).toString('base64url')) {
      await artifacts.put(kindOf(purpose), hashId(holder), made, { ttl: challengeSeconds })
      return made
    },
    take: (purpose, holder) => artifacts.take(kindOf(purpose), hashId(holder)),
  }
}
