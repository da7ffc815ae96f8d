import type { Devices } from '../accounts/devices.ts'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import type { Line } from '../accounts/passwords/hash-gate.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { addressKeys } from '../keys/address-keys.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RequestContext } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits } from './limits.ts'
import { createTries, typedKey } from './tries.ts'

/** Time in which one network may try so often (`YIDENG_ADDRESS_TRIES`). */
const networkWindowSeconds = 600
/** What one browser of one person may try where its network may not, in the same time. */
const browserTries = 60

export interface Tried<Result> {
  /** What the comparison found, where it was right and might be tried; undefined otherwise. */
  result: Result | undefined
  /** Where there is no result: milliseconds until what was typed may be tried again, 0 where it may be. */
  waitMs: number
  /** Forgets the wrong tries of whoever made the right one. */
  forget(): Promise<void>
}

/**
 * Tries of something secret of an account, counted for who makes them. Strangers are counted by network, for what they type
 * and for the account. A browser that the person has signed in with before is counted by itself as well: a right try from it
 * is let in while strangers wait, so nobody can lock a person out of their own browser.
 *
 * What a wrong try is told depends on the strangers' count alone, and the work is the same: so nobody learns whether there
 * is an account, nor, with somebody's browser, whose it is.
 */
export interface AccountTries {
  /**
   * @param compare undefined where it is wrong; it is asked also where the try may not be made
   * @throws Refusal `too_many_requests` for the network
   */
  make<Result>(
    request: RequestContext,
    who: { identifier: string; person: NaturalPerson | undefined },
    compare: (line: Line) => Promise<Result | undefined>,
  ): Promise<Tried<Result>>
  /** Forgets the wrong tries of everybody for these identifiers and this account, and those of this browser. */
  forgetAll(request: RequestContext, personId: string, identifiers: readonly string[]): Promise<void>
}

/** What holds networks back beside their own limit. */
interface SprayThrottle {
  /** Counts a try; the seconds this network has to wait. */
  wait(request: RequestContext): Promise<number>
  tried(right: boolean): Promise<void>
}

export function createAccountTries(options: {
  kind: 'password-tries' | 'recovery-tries'
  devices: Pick<Devices, 'keyOf' | 'firstSeenAt'>
  artifacts: Artifacts
  blindIndex: BlindIndex
  limits: Settings['limits']
  throttle?: SprayThrottle
  clock: Clock
}): AccountTries {
  const { kind, devices, artifacts, blindIndex, limits, throttle, clock } = options
  const { passwordTries, passwordWaitSeconds: waitSeconds, addressTries } = limits
  const tries = createTries({ kind, artifacts, clock, tries: passwordTries, waitSeconds })
  const counts = createLimits(artifacts, clock)
  const ofOneNetwork = { name: kind, most: addressTries, seconds: networkWindowSeconds }
  const ofOneBrowser = { ...ofOneNetwork, name: `${kind}-known`, most: browserTries, longest: networkWindowSeconds }

  const browserKey = (personId: string, request: RequestContext) =>
    `known ${personId} ${devices.keyOf(request.deviceBefore)}`
  const isKnown = async (personId: string, request: RequestContext) =>
    (await devices.firstSeenAt(personId, devices.keyOf(request.deviceBefore))) !== undefined

  /** Seconds this network has to wait; counts the try, whoever makes it. */
  async function networkWait(request: RequestContext): Promise<number> {
    const wait = await counts.count(ofOneNetwork, addressKeys(blindIndex, request))
    return wait > 0 ? wait : ((await throttle?.wait(request)) ?? 0)
  }

  return {
    async make(request, { identifier, person }, compare) {
      const typed = typedKey(blindIndex, identifier)
      // nobody's tries are counted as well, so that an account does not show by the time it takes
      const personKey = person?.id ?? `nobody ${typed}`
      const known = await isKnown(personKey, request)
      const ownKey = known ? browserKey(personKey, request) : `unknown ${typed}`
      const held = await networkWait(request)
      const tooMany = new Refusal('too_many_requests', `more than ${addressTries} ${kind}`, held)
      if (held > 0 && (!known || (await counts.count(ofOneBrowser, ownKey)) > 0)) throw tooMany

      const tried = await tries.make(async (reserve) => {
        const { waitMs, first } = held > 0 ? { waitMs: 0, first: false } : await reserve(typed)
        const asStranger = held === 0 && waitMs === 0 && (await reserve(personKey)).waitMs === 0
        const asKnown = (await reserve(ownKey)).waitMs === 0 && known
        const found = await compare(asKnown ? 'known' : first ? 'quiet' : 'noisy')
        return { waitMs, asStranger, result: asStranger || asKnown ? found : undefined }
      })
      const { waitMs, asStranger, result } = tried
      if (result !== undefined || waitMs === 0) await throttle?.tried(result !== undefined)
      if (result === undefined && held > 0) throw tooMany
      const counted = asStranger ? [typed, personKey, ownKey] : [ownKey]
      return {
        result,
        waitMs,
        forget: async () => void (await Promise.all(counted.map(tries.clear))),
      }
    },

    async forgetAll(request, personId, identifiers) {
      const typed = identifiers.map((one) => typedKey(blindIndex, one))
      await Promise.all([personId, browserKey(personId, request), ...typed].map(tries.clear))
    },
  }
}
