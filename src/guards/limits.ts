import { randomInt } from 'node:crypto'
import type { Counted } from '../config/address-networks.ts'
import type { Clock } from '../config/clock.ts'
import { daySeconds } from '../config/time.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'

/** So many within so many seconds; who goes over it waits until they have passed, and twice as long each time again. */
export interface Limit {
  /** One word: where the counts are kept. */
  name: string
  most: number
  seconds: number
  /** The longest wait, in seconds; a day where it is not said. */
  longest?: number
}

/** What a limit counts for: one key, or several, the narrowest first, each with its own sum. */
export type CountedFor = string | readonly Counted[]

/** Counts in the artifact store, so over every process. */
export interface Limits {
  /** Counts one; gives the seconds still to wait, or 0 within the limit. A wider sum counts only what a narrower one let by. */
  count(limit: Limit, key: CountedFor): Promise<number>
  /** The seconds still to wait; counts nothing. */
  waiting(limit: Limit, key: string): Promise<number>
  /** Counts one; true for the one that went over the limit, and for none of those that come after it. */
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
    // of many at once exactly one is the first over the limit
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
    exceeds: async (limit, key) => (await countOne(limit, key)).exceeded,
    async spend(limit, key) {
      const wait = await count(limit, key)
      if (wait > 0) throw new Refusal('too_many_requests', `more than ${limit.most} ${limit.name}`, wait)
    },
  }
}

/**
 * So much in a window of time, counted in this process alone: for what comes thousands of times a second, where a write for
 * each would cost more than what it holds off. Memory is bounded: once there are too many keys, new ones share counts, by a
 * hash that nobody outside can compute. So whoever has many addresses cannot go uncounted.
 */
export function createWindow({ most, seconds, clock, mostKeys = 100_000 }: WindowOptions) {
  const counts = new Map<string, number>()
  const seed = randomInt(2 ** 31)
  let ends = 0
  const current = () => {
    const now = clock()
    if (now >= ends) {
      counts.clear()
      ends = now + seconds * 1000
    }
    return counts
  }
  const placeOf = (key: string) =>
    counts.size < mostKeys || counts.has(key) ? key : `shared ${hashOf(key, seed) % sharedCounts}`
  const secondsLeft = () => Math.max(1, Math.ceil((ends - clock()) / 1000))
  return {
    /** @param amount what this one takes of `most` */
    count(keys: readonly Counted[], amount = 1): void {
      const now = current()
      for (const { key } of keys) {
        const place = placeOf(key)
        now.set(place, (now.get(place) ?? 0) + amount)
      }
    },
    /** Seconds until the window ends when one of the keys has used it up; 0 otherwise. */
    wait(keys: readonly Counted[]): number {
      const now = current()
      return keys.some(({ key, factor }) => (now.get(placeOf(key)) ?? 0) >= most * factor) ? secondsLeft() : 0
    },
  }
}

export interface WindowOptions {
  most: number
  seconds: number
  clock: Clock
  /** Keys counted by themselves in one window; those that come later share counts. */
  mostKeys?: number
}

const sharedCounts = 4096

/** FNV-1a (Fowler, Noll, Vo) from a secret start: fast, and nobody can choose what to collide with. */
function hashOf(text: string, seed: number): number {
  let value = seed
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 16_777_619)
  return value >>> 0
}
