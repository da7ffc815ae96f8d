import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { daySeconds } from '../config/time.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { withoutInvisible } from '../text/invisible.ts'
import { ContentionError, updateArtifact } from '../storage/compare-and-set.ts'

const schema = z.object({ tries: z.number(), rounds: z.number(), until: z.number() })

const longestWaitSeconds = daySeconds
/** Time to live of a count, from its last wrong attempt. */
const rememberedSeconds = 2 * longestWaitSeconds

/** Whether an attempt is allowed. */
export interface Reserved {
  /** Milliseconds to wait, or 0 when the attempt is allowed. */
  waitMs: number
  /** This is the first counted attempt for the key. */
  first: boolean
}

/** Kind of secret; each kind has its own counts. */
export type TriesKind = 'password-tries' | 'recovery-tries' | 'otp-tries'

type Reserve = (key: string) => Promise<Reserved>

/** Limits wrong attempts: after the allowed number comes a wait, which doubles each time (DESIGN 2.5). */
export interface Tries {
  /**
   * Makes an attempt. It reserves its counts before it compares, so that attempts at once cannot exceed the limit.
   * When it throws, a store failed or was busy before the comparison: the client learned nothing, and nothing is
   * counted.
   */
  make<Result>(attempt: (reserve: Reserve) => Promise<Result>): Promise<Result>
  /** Clears the count after a correct attempt. */
  clear(key: string): Promise<void>
}

/** The key for a typed identifier, with or without an account. */
export const typedKey = (blindIndex: BlindIndex, identifier: string) =>
  blindIndex('tries', withoutInvisible(identifier.slice(0, 256)).normalize('NFKC').trim().toLowerCase())

export function createTries(options: {
  kind: TriesKind
  artifacts: Artifacts
  clock: Clock
  tries: number
  waitSeconds: number
}): Tries {
  const { kind, artifacts, clock, tries: allowed, waitSeconds } = options

  const countOf = (text: string | undefined) =>
    text === undefined ? { tries: 0, rounds: 0, until: 0 } : schema.parse(JSON.parse(text))
  const entryOf = (key: string) => ({ kind, id: key, ttl: rememberedSeconds })

  const reserve: Reserve = (key) =>
    updateArtifact<Reserved>(artifacts, entryOf(key), (text) => {
      const now = clock()
      const before = countOf(text)
      if (before.until > now) return { result: { waitMs: before.until - now, first: false } }
      const tries = before.tries + 1
      // The last attempt is allowed with the wait already set: only a right secret clears it.
      const waitMs = Math.min(waitSeconds * 2 ** before.rounds, longestWaitSeconds) * 1000
      const after =
        tries < allowed ? { ...before, tries } : { tries: 0, rounds: before.rounds + 1, until: now + waitMs }
      const first = before.tries === 0 && before.rounds === 0
      return { value: JSON.stringify(after), result: { waitMs: 0, first } }
    }).catch((error: unknown) => {
      // this many attempts at once on one account are an attack
      if (error instanceof ContentionError) return { waitMs: waitSeconds * 1000, first: false }
      throw error
    })

  /** Takes one attempt back, also the one that began a wait. */
  const giveBack = (key: string) =>
    updateArtifact(artifacts, entryOf(key), (text) => {
      const { tries, rounds, until } = countOf(text)
      if (tries === 0 && rounds === 0) return { result: undefined }
      const after =
        tries > 0 ? { tries: tries - 1, rounds, until } : { tries: allowed - 1, rounds: rounds - 1, until: 0 }
      return { value: JSON.stringify(after), result: undefined }
    })

  return {
    async make(attempt) {
      const counted: string[] = []
      try {
        return await attempt(async (key) => {
          const reserved = await reserve(key)
          if (reserved.waitMs === 0) counted.push(key)
          return reserved
        })
      } catch (error) {
        await Promise.all(counted.map(giveBack)).catch(() => undefined)
        throw error
      }
    },
    clear: (key) => artifacts.remove(kind, key),
  }
}
