import type { Devices } from '../accounts/devices.ts'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import type { Line } from '../accounts/passwords/hash-gate.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RequestContext } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits } from './limits.ts'
import { perNetwork } from './network-limit.ts'
import { createTries, typedKey, type TriesKind } from './tries.ts'

/** Window of `YIDENG_ADDRESS_TRIES`. */
const networkWindowSeconds = 600
/** Attempts of one known browser for one person in the same window, also while its network has to wait. */
const browserTries = 60

export interface Tried<Result> {
  /** Result of the comparison; undefined when it failed or was not allowed. */
  result: Result | undefined
  /** Milliseconds to wait before the next attempt for the typed identifier; 0 when it may be made now. */
  waitMs: number
  /** Clears the wrong attempts of the client that succeeded. */
  forget(): Promise<void>
}

/**
 * Attempts at a secret of an account. An unknown client is counted by network, by what it typed and by account. A
 * browser that the person signed in with before has a count of its own: its correct attempt is allowed while others
 * wait. So a stranger cannot lock a person out of their own browser.
 *
 * The answer to a wrong attempt depends only on the counts of unknown clients, and the work is the same. So it shows
 * neither whether an account exists nor, to the holder of a stolen browser, whose it is.
 */
export interface AccountTries {
  /**
   * @param compare returns undefined when the secret is wrong; it also runs when the attempt is not allowed
   * @throws Refusal `too_many_requests` for the network
   */
  make<Result>(
    request: RequestContext,
    who: { identifier: string; person: NaturalPerson | undefined },
    compare: (line: Line) => Promise<Result | undefined>,
  ): Promise<Tried<Result>>
  /** Clears the wrong attempts of all clients for these identifiers and this account, and those of this browser. */
  forgetAll(request: RequestContext, personId: string, identifiers: readonly string[]): Promise<void>
}

/** A second limit for networks, beside their own (login/methods/password/spray-throttle.ts). */
interface SprayThrottle {
  /** Counts an attempt; returns the seconds this network has to wait. */
  wait(request: RequestContext): Promise<number>
  tried(right: boolean): Promise<void>
}

export function createAccountTries(options: {
  kind: TriesKind
  devices: Pick<Devices, 'keyOf' | 'firstSeenAt'>
  artifacts: Artifacts
  blindIndex: BlindIndex
  limits: Settings['limits']
  throttle?: SprayThrottle
  /** Wrong attempts before a wait; without it as many as passwords have. */
  most?: number
  clock: Clock
}): AccountTries {
  const { kind, devices, artifacts, blindIndex, limits, throttle, clock } = options
  const { passwordTries, passwordWaitSeconds: waitSeconds, addressTries } = limits
  const tries = createTries({ kind, artifacts, clock, tries: options.most ?? passwordTries, waitSeconds })
  const counts = createLimits(artifacts, clock)
  const networkLimit = { name: kind, most: addressTries, seconds: networkWindowSeconds }
  const browserLimit = { ...networkLimit, name: `${kind}-known`, most: browserTries, longest: networkWindowSeconds }

  const networkCounts = perNetwork({ artifacts, blindIndex, clock }, networkLimit)

  const browserKey = (personId: string, request: RequestContext) =>
    `known ${personId} ${devices.keyOf(request.deviceBefore)}`
  const isKnown = async (personId: string, request: RequestContext) =>
    (await devices.firstSeenAt(personId, devices.keyOf(request.deviceBefore))) !== undefined

  /** Counts an attempt of any client; returns the seconds this network has to wait. */
  async function networkWait(request: RequestContext): Promise<number> {
    const wait = await networkCounts.count(request)
    return wait > 0 ? wait : ((await throttle?.wait(request)) ?? 0)
  }

  return {
    async make(request, { identifier, person }, compare) {
      const typed = typedKey(blindIndex, identifier)
      // attempts without an account are counted as well, so that the response time does not show whether there is one
      const personKey = person?.id ?? `nobody ${typed}`
      const known = await isKnown(personKey, request)
      const ownKey = known ? browserKey(personKey, request) : `unknown ${typed}`
      const held = await networkWait(request)
      const tooMany = new Refusal('too_many_requests', `more than ${addressTries} ${kind}`, held)
      if (held > 0 && (!known || (await counts.count(browserLimit, ownKey)) > 0)) throw tooMany

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
