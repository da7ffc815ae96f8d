import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../config/clock.ts'
import { addressKeys } from '../../keys/address-keys.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Visit } from '../../pages/visit.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { createLimits } from '../../storage/limits.ts'

const daySeconds = 86_400
/** Begun by one account in a day, whatever came of them. */
const begun = { name: 'face-begun', most: 30, seconds: daySeconds }
/** At one kiosk, over all identifiers: more than a queue of people types. */
const typed = { name: 'face-typed', most: 60, seconds: 600 }
/** Longer than receiving, waiting and judging take; who was cut off by a crash waits as long. */
const oneAtATimeSeconds = 120
/** Failures of one account are counted one after another; more at once than this is no person. */
const contended = 20

const failuresKind = 'face-failures'
/** When they failed, in milliseconds since 1970 UTC, within 24 hours of the last. */
const times = z.array(z.number())

/** What keeps a face from being tried until it fits: counted in the artifact store, so over every process. */
export interface FaceLimits {
  /** @throws Refusal `too_many_requests` for identifiers typed at one kiosk */
  identify(visit: Pick<Visit, 'networks'>): Promise<void>
  blocked(who: string): Promise<boolean>
  /** False when this account has begun too many today. */
  begin(who: string): Promise<boolean>
  /** Receives and judges one capture of an account, never two at once; undefined when one runs. */
  alone<T>(who: string, run: () => Promise<T>): Promise<T | undefined>
  /** Counts a failed one; true when it was the one that blocks the way for a day. */
  failed(who: string): Promise<boolean>
}

export function createFaceLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Failed verifications of an account within 24 hours before they are off for 24 hours. */
  failures: number
  clock: Clock
}): FaceLimits {
  const { artifacts, blindIndex, failures, clock } = options
  const limits = createLimits(artifacts, clock)
  const timesIn = (text: string | undefined) => (text === undefined ? [] : times.parse(JSON.parse(text)))
  const isFull = (failed: readonly number[]) => failed.length >= failures

  /** Undefined when another one was counted meanwhile. */
  async function count(who: string): Promise<boolean | undefined> {
    const before = await artifacts.get(failuresKind, who)
    // a block is not made longer by what was under way when it began
    if (isFull(timesIn(before))) return false
    const recent = [...timesIn(before).filter((at) => at > clock() - daySeconds * 1000), clock()]
    const after = JSON.stringify(recent)
    const kept =
      before === undefined
        ? await artifacts.add(failuresKind, who, after, { ttl: daySeconds })
        : await artifacts.compareAndSet(failuresKind, who, before, after, daySeconds)
    return kept ? isFull(recent) : undefined
  }

  return {
    identify: (visit) => limits.spend(typed, addressKeys(blindIndex, visit)),
    blocked: async (who) => isFull(timesIn(await artifacts.get(failuresKind, who))),
    begin: async (who) => (await limits.count(begun, who)) === 0,
    async alone(who, run) {
      const own = randomUUID()
      if (!(await artifacts.add('face-alone', who, own, { ttl: oneAtATimeSeconds }))) return undefined
      try {
        return await run()
      } finally {
        // it may have taken so long that another one runs by now
        if ((await artifacts.get('face-alone', who)) === own) await artifacts.remove('face-alone', who)
      }
    },
    async failed(who) {
      for (let attempt = 0; attempt < contended; attempt += 1) {
        const full = await count(who)
        if (full !== undefined) return full
      }
      throw new Error('failures of one account are counted all the time')
    },
  }
}
