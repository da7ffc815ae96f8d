import type { Counted } from '../config/address-networks.ts'
import type { Clock } from '../config/clock.ts'
import { daySeconds } from '../config/time.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'

/** Allows `most` events in `seconds`. Over it: wait for the window to pass; each further breach doubles the wait. */
export interface Limit {
  /** One word, part of the key in the store. */
  name: string
  most: number
  seconds: number
  /** Longest wait in seconds; a day by default. */
  longest?: number
}

/** The subject of a count: one key, or several from narrow to wide, each with its own sum. */
export type CountedFor = string | readonly Counted[]

/** Limits in the artifact store, so that all processes share them. */
export interface Limits {
  /**
   * Counts one event; returns the seconds to wait, or 0 within the limit. A wider sum counts only what the narrower
   * one allowed.
   */
  count(limit: Limit, key: CountedFor): Promise<number>
  /** Returns the seconds to wait; counts nothing. */
  waiting(limit: Limit, key: string): Promise<number>
  /** Counts one event: the seconds to wait, and whether it is the first event over the limit. */
  countFirst(limit: Limit, key: string): Promise<{ wait: number; exceeded: boolean }>
  /** Counts one event; true only for the first event over the limit, not for those after it. */
  exceeds(limit: Limit, key: string): Promise<boolean>
  /** @throws Refusal `too_many_requests` over the limit, with the seconds to wait */
  spend(limit: Limit, key: CountedFor): Promise<void>
}

const rememberedSeconds = daySeconds
const longestWait = daySeconds

const timesOf = (limit: Limit, { factor }: Counted): Limit => ({ ...limit, most: limit.most * factor })

export function createLimits(artifacts: Artifacts, clock: Clock): Limits {
  const secondsUntil = (time: number) => Math.max(1, Math.ceil((time - clock()) / 1000))

  const kindOf = ({ name }: Limit) => `limit-${name}`

  async function toWait(limit: Limit, key: string): Promise<number> {
    const until = await artifacts.get(`${kindOf(limit)}-wait`, key)
    return until === undefined ? 0 : secondsUntil(Number(until))
  }

  async function countOne(limit: Limit, key: string): Promise<{ wait: number; exceeded: boolean }> {
    const waits = await toWait(limit, key)
    if (waits > 0) return { wait: waits, exceeded: false }
    const kind = kindOf(limit)
    const { most, seconds, longest = longestWait } = limit
    const { count: sofar, expiresAt } = await artifacts.increment(kind, key, seconds)
    if (sofar <= most) return { wait: 0, exceeded: false }
    // of several events at once, exactly one is the first over the limit
    if (sofar > most + 1) return { wait: secondsUntil(expiresAt), exceeded: false }
    const { count: times } = await artifacts.increment(`${kind}-times`, key, rememberedSeconds)
    const wait = Math.min(seconds * 2 ** (times - 1), longest)
    await artifacts.put(`${kind}-wait`, key, String(clock() + wait * 1000), { ttl: wait })
    return { wait, exceeded: true }
  }

  async function count(limit: Limit, key: CountedFor): Promise<number> {
    if (typeof key === 'string') return (await countOne(limit, key)).wait
    const [narrowest, ...wider] = key
    if (!narrowest) return 0
    const wait = (await countOne(timesOf(limit, narrowest), narrowest.key)).wait
    if (wait > 0) return wait
    return Math.max(
      0,
      ...(await Promise.all(wider.map(async (one) => (await countOne(timesOf(limit, one), one.key)).wait))),
    )
  }

  return {
    count,
    waiting: toWait,
    countFirst: countOne,
    exceeds: async (limit, key) => (await countOne(limit, key)).exceeded,
    async spend(limit, key) {
      const wait = await count(limit, key)
      if (wait > 0) throw new Refusal('too_many_requests', `more than ${limit.most} ${limit.name}`, wait)
    },
  }
}
