import { readFileSync } from 'node:fs'
import { z } from 'zod'

export type Level = 2 | 3 | 4

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])

const table = z
  .array(z.object({ level, acr: z.string(), name: z.record(z.string(), z.string()), meaning: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('../../config/levels.json', import.meta.url), 'utf8')))

/** Every `acr` value published, lowest first (config/levels.json). */
export const acrValues: readonly string[] = table.map((row) => row.acr)

export function acrOf(wanted: Level): string {
  const row = table.find((entry) => entry.level === wanted)
  if (!row) throw new Error(`config/levels.json has no level ${wanted}`)
  return row.acr
}

/** The level an `acr` value stands for, or undefined for one that is not ours. */
export function levelOf(acr: string | undefined): Level | undefined {
  return table.find((row) => row.acr === acr)?.level
}

/** What is known of a sign-in when its level is decided. */
export interface Proven {
  /** 2 self-asserted, 3 matched with a register. */
  identityLevel: number
  /** RFC 8176 values of this login. */
  amr: readonly string[]
  /** The level of the session that vouched for this one (a phone for a computer): never above it. */
  vouched?: Level | undefined
  /** The account was recovered a short while ago, perhaps not by its person. */
  held: boolean
}

/** While an account is held, only a passkey shows that its real-name person is there: a recovery gave nobody one. */
const standsInHold = (amr: readonly string[]) => amr.includes('user')

/** The level a login reaches: identity proven × way of signing in (DESIGN 1.4). */
export function levelReached({ identityLevel, amr, vouched, held }: Proven): Level {
  if (identityLevel < 3 || (held && !standsInHold(amr))) return 2
  if (vouched !== undefined) return vouched
  return amr.includes('face') ? 4 : 3
}

/**
 * The level a portal asks for: the lowest of the `acr` values it would take (OIDC Core 3.1.2.1, in any order), but never
 * less than the portal is registered with. Values that are not ours ask for nothing.
 */
export function levelAsked(expected: { minLevel: Level; acrValues: readonly string[] }): Level {
  const asked = expected.acrValues.map(levelOf).filter((value) => value !== undefined)
  const lowest = asked.length > 0 ? Math.min(...asked) : expected.minLevel
  return level.parse(Math.max(lowest, expected.minLevel))
}

/** What a session or a token knows of the sign-in it comes from. */
export interface SignIn {
  /** Seconds since 1970 UTC. */
  at: number
  level: Level
  amr: readonly string[]
}

/**
 * Whether a sign-in still counts: not one of before everything was ended, nor one of a level that a held account does not
 * give. Ending sessions reaches those that are there; this reaches a login that was under way, and tokens that outlive theirs.
 * @param expected.signedOutAt milliseconds since 1970 UTC; sign-ins are kept to the second
 */
export function signInCounts(expected: { signIn: SignIn; signedOutAt: number | null; held: boolean }): boolean {
  const { signIn, signedOutAt, held } = expected
  if (signedOutAt !== null && signIn.at < Math.floor(signedOutAt / 1000)) return false
  return !held || signIn.level < 3 || standsInHold(signIn.amr)
}
