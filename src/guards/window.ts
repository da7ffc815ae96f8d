import { randomInt } from 'node:crypto'
import type { Counted } from '../config/address-networks.ts'
import type { Clock } from '../config/clock.ts'

/**
 * Counts in a window of time, in this process only. It serves events that come thousands of times a second: a store
 * write for each would cost more than it saves. Memory is bounded: beyond `mostKeys`, new keys share counts by a hash
 * with a secret seed. So a client with many addresses is counted in any case.
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
    /** @param amount the share of `most` that this event uses */
    count(keys: readonly Counted[], amount = 1): void {
      const now = current()
      for (const { key } of keys) {
        const place = placeOf(key)
        now.set(place, (now.get(place) ?? 0) + amount)
      }
    },
    /** Seconds until the window ends if one of the keys has used it up; otherwise 0. */
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
  /** Keys with a count of their own in one window; later keys share counts. */
  mostKeys?: number
}

const sharedCounts = 4096

/** FNV-1a (Fowler, Noll, Vo) from a secret seed: fast, and a client cannot choose collisions. */
function hashOf(text: string, seed: number): number {
  let value = seed
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 16_777_619)
  return value >>> 0
}
