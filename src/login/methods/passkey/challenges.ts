import { randomBytes } from 'node:crypto'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { hashId } from '../../../storage/hash-id.ts'

/** What a ceremony is for: a challenge of one is never taken for another. */
export type Purpose = 'login' | 'enrolment' | 'signature'

const challengeSeconds = 300
const challengeBytes = 32

/**
 * Challenges of WebAuthn ceremonies, each for one holder: a running login, or a session of a person. A new one replaces the
 * one before, so a holder who asks again and again fills nothing.
 */
export interface Challenges {
  /** Base64url. `made` is for a challenge that says what is signed. */
  issue(purpose: Purpose, holder: string, made?: string): Promise<string>
  /** The challenge this holder was given, once; undefined when it was used, replaced, or is older than five minutes. */
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
