import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { createLimits } from '../../storage/limits.ts'

const daySeconds = 86_400
/** Begun by one account in a day, whatever came of them. */
const begun = { name: 'face-begun', most: 30, seconds: daySeconds }
/** At one kiosk, over all identifiers: more than a queue of people types. */
const typed = { name: 'face-typed', most: 60, seconds: 600 }
/** Longer than receiving, waiting and judging take; who was cut off by a crash waits as long. */
const oneAtATimeSeconds = 120

/** What keeps a face from being tried until it fits: counted in the artifact store, so over every process. */
export interface FaceLimits {
  /** @throws Refusal `too_many_requests` for identifiers typed at one kiosk */
  identify(network: string): Promise<void>
  blocked(personId: string): Promise<boolean>
  /** False when this account has begun too many today. */
  begin(personId: string): Promise<boolean>
  /** Receives and judges one capture of an account, never two at once; undefined when one runs. */
  alone<T>(personId: string, run: () => Promise<T>): Promise<T | undefined>
  /** Counts a failed one; true when it was the one that blocks the way for a day. */
  failed(personId: string): Promise<boolean>
}

export function createFaceLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Failed verifications of an account in a day before they are off for a day. */
  failures: number
  clock: Clock
}): FaceLimits {
  const { artifacts, blindIndex, failures, clock } = options
  const limits = createLimits(artifacts, clock)
  const failed = { name: 'face-failures', most: failures - 1, seconds: daySeconds }
  return {
    identify: (network) => limits.spend(typed, blindIndex('address', network)),
    blocked: async (personId) => (await limits.waiting(failed, personId)) > 0,
    begin: async (personId) => (await limits.count(begun, personId)) === 0,
    async alone(personId, run) {
      if (!(await artifacts.add('face-alone', personId, '1', { ttl: oneAtATimeSeconds }))) return undefined
      try {
        return await run()
      } finally {
        await artifacts.remove('face-alone', personId)
      }
    },
    failed: (personId) => limits.exceeds(failed, personId),
  }
}
