import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { isEnded, type SignInEndings, type SignInMoment } from '../accounts/sign-in-endings.ts'

export type Level = 2 | 3 | 4

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])

/**
 * One way to a level: identity proven at least so well × way of signing in × age of the proof. `face-and-other` is a face
 * beside something else (a face alone is no second factor), `bound` an authenticator that a verified face had bound.
 */
const rule = z.strictObject({
  identity: level,
  way: z.enum(['any', 'face', 'face-and-other', 'bound']).default('any'),
  /** The identity was proven so many days ago at most. */
  proofDays: z.number().int().positive().optional(),
})

const table = z
  .array(
    z.strictObject({
      level,
      acr: z.string(),
      /** Older or newer names of the level: asked for and kept in sessions as if they were `acr`. */
      aliases: z.array(z.string()),
      name: z.record(z.string(), z.string()),
      meaning: z.string(),
      reached: z.array(rule).min(1),
    }),
  )
  .refine((rows) => new Set(rows.map((row) => row.level)).size === 3, 'must have the levels 2, 3 and 4')
  .refine((rows) => {
    const names = rows.flatMap(({ acr, aliases }) => [acr, ...aliases])
    return new Set(names).size === names.length
  }, 'must have each acr value once')

/** The levels as data: what each is called and how it is reached. */
export type Levels = z.infer<typeof table>

/** @throws ZodError, SyntaxError */
export const readLevels = (text: string): Levels => table.parse(JSON.parse(text))

const levels = readLevels(readFileSync(new URL('../../config/levels.json', import.meta.url), 'utf8'))

/** Every `acr` value published, lowest first (config/levels.json). */
export const acrValues: readonly string[] = levels.flatMap(({ acr, aliases }) => [acr, ...aliases])

export function acrOf(wanted: Level): string {
  const row = levels.find((entry) => entry.level === wanted)
  if (!row) throw new Error(`config/levels.json has no level ${wanted}`)
  return row.acr
}

const levelByName = new Map<string | undefined, Level>(
  levels.flatMap((row) => [row.acr, ...row.aliases].map((name) => [name, row.level] as const)),
)

/** The level an `acr` value stands for, or undefined for one that is not ours. */
export function levelOf(acr: string | undefined): Level | undefined {
  return levelByName.get(acr)
}

/** At a kiosk: nothing but a face, whose living is not proven well enough to change or lend anything (docs/face.md). */
export const isFaceAlone = (amr: readonly string[]): boolean => amr.length > 0 && amr.every((one) => one === 'face')

/** Another device vouched for this browser (DESIGN 1.4): a relayed sign-in cannot be told from an honest one. */
export const isByQr = (amr: readonly string[]): boolean => amr.includes('qr')

/** What is known of a sign-in when its level is decided. */
export interface Proven {
  /** 2 self-asserted, 3 matched with a register, 4 and a face verified. */
  identityLevel: number
  /** RFC 8176 values of this login. */
  amr: readonly string[]
  /** The level of the session that vouched for this one (a phone for a computer): never above it. */
  vouched?: Level | undefined
  /** The account was recovered a short while ago, perhaps not by its person. */
  held: boolean
  /** The authenticator of this login was bound by a verified face. */
  bound?: boolean | undefined
  /** Age of the identity proof in days. */
  proofDays?: number | undefined
}

const ways: Record<z.infer<typeof rule>['way'], (proven: Proven) => boolean> = {
  any: () => true,
  face: ({ amr }) => amr.includes('face'),
  'face-and-other': ({ amr }) => amr.includes('face') && amr.some((one) => one !== 'face'),
  bound: ({ bound }) => bound === true,
}

/** While an account is held, only a passkey shows that its real-name person is there: a recovery gave nobody one. */
const standsInHold = (amr: readonly string[]) => amr.includes('user')

/** The level a login reaches by the table; 2 where no rule of a higher one holds. */
export function levelReached(proven: Proven, by: Levels = levels): Level {
  const { identityLevel, amr, vouched, held, proofDays: age = 0 } = proven
  if (identityLevel < 3 || (held && !standsInHold(amr))) return 2
  if (vouched !== undefined) return vouched
  const holds = ({ identity, way, proofDays }: z.infer<typeof rule>) =>
    identityLevel >= identity && ways[way](proven) && (proofDays === undefined || age <= proofDays)
  const reached = by.filter((row) => row.reached.some(holds)).map((row) => row.level)
  return level.parse(Math.max(2, ...reached))
}

/**
 * The level a portal asks for: the lowest of the `acr` values it would take (OIDC Core 3.1.2.1, in any order), but never
 * less than the portal is registered with. Values that are not ours ask for nothing.
 */
export function levelAsked(expected: { minLevel: Level; acrValues: readonly string[] }): Level {
  const asked = expected.acrValues.map(levelOf).filter((value) => value !== undefined)
  const lowest = asked.toSorted((one, other) => one - other)[0]
  return lowest !== undefined && lowest > expected.minLevel ? lowest : expected.minLevel
}

/**
 * What a session's level is called towards a portal: by the name it asked for, of the several it may have while it is renamed.
 * @param acr of the session, from before or after the renaming
 */
export function acrAsAsked(acr: string | undefined, asked: readonly string[], by: Levels = levels): string | undefined {
  const row = by.find((one) => one.acr === acr || (acr !== undefined && one.aliases.includes(acr)))
  if (!row) return acr
  return asked.find((name) => row.aliases.includes(name)) ?? row.acr
}

/** What a session or a token knows of the sign-in it comes from. */
export interface SignIn extends SignInMoment {
  level: Level
  amr: readonly string[]
}

/**
 * Whether a sign-in still counts: not one that was ended, nor one of a level that a held account does not give. Removing
 * sessions reaches those that are there. This reaches a login that was under way, and tokens that outlive theirs.
 */
export function signInCounts(expected: { signIn: SignIn; endings: SignInEndings; held: boolean }): boolean {
  const { signIn, endings, held } = expected
  if (isEnded(endings, signIn)) return false
  return !held || signIn.level < 3 || standsInHold(signIn.amr)
}
