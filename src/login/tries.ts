import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Artifacts } from '../storage/artifacts.ts'

const schema = z.object({ tries: z.number(), rounds: z.number(), until: z.number() })

const longestWaitSeconds = 86_400
/** Wrong tries are remembered for so long after the last one. */
const rememberedSeconds = 2 * longestWaitSeconds
const contended = 20

/** Wrong-try limits: so many tries, then a wait that doubles each time (DESIGN 2.5). */
export interface Tries {
  /**
   * Counts a try before it is made, so that tries made at once cannot exceed the limit.
   * Returns the milliseconds still to wait, or 0 when the try may be made.
   */
  reserve(key: string): Promise<number>
  /**
   * Makes the try that was reserved for `typed`, and whatever else it counts for. Where it throws, something was away or
   * busy before anything was compared: nobody learned anything by it, so it does not count.
   */
  make<Result>(typed: string, attempt: (mayTryFor: MayTryFor) => Promise<Result>): Promise<Result>
  /** The try was right. */
  clear(key: string): Promise<void>
}

/** Reserves for a further key; whether the try may be made for it. */
type MayTryFor = (key: string) => Promise<boolean>

/** What tries are counted for when somebody says who they are, account or no account. */
export const typedKey = (blindIndex: BlindIndex, identifier: string) =>
  blindIndex('tries', identifier.slice(0, 256).normalize('NFKC').toLowerCase())

export function createTries(options: {
  /** What is tried: each kind is counted by itself. */
  kind: 'password-tries' | 'recovery-tries'
  artifacts: Artifacts
  clock: Clock
  tries: number
  waitSeconds: number
}): Tries {
  const { kind, artifacts, clock, tries: allowed, waitSeconds } = options

  const countOf = (text: string | undefined) =>
    text === undefined ? { tries: 0, rounds: 0, until: 0 } : schema.parse(JSON.parse(text))

  async function tryToReserve(key: string): Promise<number | undefined> {
    const now = clock()
    const text = await artifacts.get(kind, key)
    const before = countOf(text)
    if (before.until > now) return before.until - now
    const tries = before.tries + 1
    // The last try is let through with the wait already set: only a right password takes it back.
    const waitMs = Math.min(waitSeconds * 2 ** before.rounds, longestWaitSeconds) * 1000
    const after = tries < allowed ? { ...before, tries } : { tries: 0, rounds: before.rounds + 1, until: now + waitMs }
    const value = JSON.stringify(after)
    const written =
      text === undefined
        ? await artifacts.add(kind, key, value, { ttl: rememberedSeconds })
        : await artifacts.compareAndSet(kind, key, text, value, rememberedSeconds)
    return written ? 0 : undefined
  }

  /** One less, also where it was the one that began a wait; false where somebody else counted meanwhile. */
  async function tryToGiveBack(key: string): Promise<boolean> {
    const text = await artifacts.get(kind, key)
    const { tries, rounds, until } = countOf(text)
    if (text === undefined || (tries === 0 && rounds === 0)) return true
    const after = tries > 0 ? { tries: tries - 1, rounds, until } : { tries: allowed - 1, rounds: rounds - 1, until: 0 }
    return artifacts.compareAndSet(kind, key, text, JSON.stringify(after), rememberedSeconds)
  }

  async function giveBack(key: string): Promise<void> {
    for (let attempt = 0; attempt < contended; attempt += 1) if (await tryToGiveBack(key)) return
  }

  async function reserve(key: string): Promise<number> {
    for (let attempt = 0; attempt < contended; attempt += 1) {
      const wait = await tryToReserve(key)
      if (wait !== undefined) return wait
    }
    // so many at once on one account is an attack: closed
    return waitSeconds * 1000
  }

  return {
    reserve,
    async make(typed, attempt) {
      const counted = [typed]
      const mayTryFor: MayTryFor = async (key) => {
        const may = (await reserve(key)) === 0
        if (may) counted.push(key)
        return may
      }
      try {
        return await attempt(mayTryFor)
      } catch (error) {
        await Promise.all(counted.map(giveBack)).catch(() => undefined)
        throw error
      }
    },
    clear: (key) => artifacts.remove(kind, key),
  }
}
