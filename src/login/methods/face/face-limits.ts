import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Counted } from '../../../config/address-networks.ts'
import type { Clock } from '../../../config/clock.ts'
import { dayMs, daySeconds } from '../../../config/time.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { RequestContext } from '../../../pages/request-context.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { updateArtifact } from '../../../storage/compare-and-set.ts'
import { perNetwork } from '../../../guards/network-limit.ts'
import { createLimits } from '../../../guards/limits.ts'

/** Captures in a day that came with pictures or went to a vendor, with any result. */
const captured = { name: 'face-captured', most: 30, seconds: daySeconds }
/** Captures begun in one login or session, with or without pictures: each stores a challenge. */
const begun = { name: 'face-begun', most: 30, seconds: 600, longest: 600 }
/** Stills looked at in one login or session: one a second. */
const looked = { name: 'face-looked', most: 600, seconds: 600, longest: 600 }
/** Codes of a native page for one verification: it needs one. */
const shown = { name: 'face-phones', most: 5, seconds: 900, longest: 900 }
/** Identifiers typed at one kiosk: more than a queue of people types. */
const typed = { name: 'face-typed', most: 60, seconds: 600 }
/** Longer than receiving, waiting and judging take. After a crash the account waits this long. */
const oneAtATimeSeconds = 120

const failuresKind = 'face-failures'
/** Times of failures (milliseconds since 1970 UTC) within 24 hours of the last one. */
const times = z.array(z.number())

/** A document number, or a person at all kiosks, may have this many times the limit of one account. */
const sharedFactor = 10

/**
 * The counts of a capture of an account. While the number is not proven, the number counts too, with a much larger sum: that
 * limits strangers' faces against one photograph, and a few strangers do not reach it.
 */
export const ofAccount = (personId: string, number: string | undefined): readonly Counted[] => [
  { key: personId, factor: 1 },
  ...(number === undefined ? [] : [{ key: `claim ${number}`, factor: sharedFactor }]),
]

/**
 * Where any person types any identifier: counted by network, and over all networks with a much larger sum. Kiosks and recoveries
 * are counted apart.
 */
export const whereTyped = (place: 'kiosk' | 'recovery', said: string, here: string): readonly Counted[] => [
  { key: `${place} ${said} ${here}`, factor: 1 },
  { key: `${place} ${said}`, factor: sharedFactor },
]

/** Limits against trying faces until one matches: counted in the artifact store, over all processes. */
export interface FaceLimits {
  /** @throws Refusal `too_many_requests` for identifiers typed in one network */
  identify(request: Pick<RequestContext, 'networks'>): Promise<void>
  blocked(counted: readonly Counted[]): Promise<boolean>
  /** False where this login or session has begun too many. */
  begin(holder: string): Promise<boolean>
  /** Counts a look at one still; false where this login or session had too many. */
  look(holder: string): Promise<boolean>
  /** Counts a code of a native page; false where there were too many for this verification. */
  atPhone(check: string): Promise<boolean>
  /** Counts a capture with pictures; false where there were too many today. */
  capture(counted: readonly Counted[]): Promise<boolean>
  /** Whether there were too many captures today; counts nothing. */
  spent(counted: readonly Counted[]): Promise<boolean>
  /** Receives and judges one capture, or one look, of an account at a time; undefined while another one runs. */
  alone<T>(who: string, run: () => Promise<T>): Promise<T | undefined>
  /** Counts a failed capture; true for the one that blocks the method for a day. */
  failed(counted: readonly Counted[]): Promise<boolean>
}

export function createFaceLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Failed verifications of an account within 24 hours before they are off for 24 hours. */
  failures: number
  clock: Clock
}): FaceLimits {
  const { artifacts, failures, clock } = options
  const limits = createLimits(artifacts, clock)
  const timesIn = (text: string | undefined) => (text === undefined ? [] : times.parse(JSON.parse(text)))
  const isFull = (failed: readonly number[], factor: number) => failed.length >= failures * factor

  const countFailure = ({ key, factor }: Counted): Promise<'counted' | 'blocks' | 'was_blocked'> =>
    updateArtifact<'counted' | 'blocks' | 'was_blocked'>(
      artifacts,
      { kind: failuresKind, id: key, ttl: daySeconds },
      (before) => {
        // a failure that was under way when the block began does not make it longer
        if (isFull(timesIn(before), factor)) return { result: 'was_blocked' }
        const recent = [...timesIn(before).filter((at) => at > clock() - dayMs), clock()]
        return { value: JSON.stringify(recent), result: isFull(recent, factor) ? 'blocks' : 'counted' }
      },
    )

  return {
    identify: perNetwork(options, typed).spend,
    blocked: (counted) =>
      some(counted, async ({ key, factor }) => isFull(timesIn(await artifacts.get(failuresKind, key)), factor)),
    begin: async (holder) => (await limits.count(begun, holder)) === 0,
    look: async (holder) => (await limits.count(looked, holder)) === 0,
    atPhone: async (check) => (await limits.count(shown, check)) === 0,
    capture: async (counted) => (await limits.count(captured, counted)) === 0,
    spent: (counted) => some(counted, async ({ key }) => (await limits.waiting(captured, key)) > 0),
    async alone(who, run) {
      const own = randomUUID()
      if (!(await artifacts.add('face-alone', who, own, { ttl: oneAtATimeSeconds }))) return undefined
      try {
        return await run()
      } finally {
        // this run may have taken longer than its time, and another one may run now
        if ((await artifacts.get('face-alone', who)) === own) await artifacts.remove('face-alone', who)
      }
    },
    async failed(counted) {
      let blocks = false
      for (const one of counted) {
        const done = await countFailure(one)
        // a failure of a blocked account does not count for the wider sum
        if (done === 'was_blocked') break
        blocks ||= done === 'blocks'
      }
      return blocks
    },
  }
}

/** Whether it holds for at least one; every one is asked, so the time is always the same. */
const some = async (counted: readonly Counted[], holds: (one: Counted) => Promise<boolean>) =>
  (await Promise.all(counted.map(holds))).includes(true)
