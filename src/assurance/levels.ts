import { z } from 'zod'
import { isEnded, type SignInEndings, type SignInMoment } from '../accounts/sign-in-endings.ts'
import { readJson } from '../config/machine-errors.ts'

export type Level = 2 | 3 | 4

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])

/**
 * One rule for a level: lowest identity level × way of signing in × age of the proof. `face-and-other`: a face with one of the `others`
 * (a face alone is no second factor). `bound`: an authenticator that was bound by a verified face. `more-than-sms`: any way but a code
 * by text (a channel or another device reaches level 3 by its `vouched` level only).
 */
const rule = z.strictObject({
  identity: level,
  way: z.enum(['any', 'more-than-sms', 'face', 'face-and-other', 'bound']).default('any'),
  /** `face-and-other`: `amr` values that are the other; any where the rule has none. */
  others: z.array(z.string()).optional(),
  /** The same, for the `amr` values of a session that had reached level 3 by them. */
  othersAtLevel3: z.array(z.string()).optional(),
  /** Highest age of the identity proof, in days. */
  proofDays: z.number().int().positive().optional(),
})

const table = z
  .array(
    z.strictObject({
      level,
      acr: z.string(),
      /** Older or newer names of the level; requests and sessions may have them in place of `acr`. */
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

/** The levels as data: names and rules. */
export type Levels = z.infer<typeof table>

/** @throws ZodError, SyntaxError */
export const readLevels = (text: string): Levels => table.parse(JSON.parse(text))

const levels = readJson(new URL('../../config/levels.json', import.meta.url), table)

/** All published `acr` values, lowest first (config/levels.json). */
export const acrValues: readonly string[] = levels.flatMap(({ acr, aliases }) => [acr, ...aliases])

export function acrOf(wanted: Level): string {
  const row = levels.find((entry) => entry.level === wanted)
  if (!row) throw new Error(`config/levels.json has no level ${wanted}`)
  return row.acr
}

const levelByName = new Map<string | undefined, Level>(
  levels.flatMap((row) => [row.acr, ...row.aliases].map((name) => [name, row.level] as const)),
)

/** The level of an `acr` value; undefined for unknown values. */
export function levelOf(acr: string | undefined): Level | undefined {
  return levelByName.get(acr)
}

/**
 * Ways that sign in, but change nothing in an account, each with its `amr` values. A face: liveness is not proven well enough
 * (docs/face.md). A code in a text: a holder of the number for a moment can make one. A channel: the vendor's account is not ours.
 * A certificate of a legal person: it does not say who holds the stick (docs/certificates.md).
 */
const limitedWays = {
  face: ['face'],
  sms: ['otp', 'sms'],
  channel: ['wechat', 'alipay'],
  certificate: ['org-cert'],
} as const

export type LimitedWay = keyof typeof limitedWays

/** RFC 8176 `mfa`: a code of a token came after the password. It is no way of its own. */
const twoFactors = 'mfa'

/** What a code of a token adds to a sign-in by password (RFC 8176). */
export const amrOfToken: readonly string[] = ['otp', twoFactors]

/** Nothing but a password was shown: a second factor of the account is still missing. */
export const isPasswordAlone = (amr: readonly string[]): boolean => amr.length > 0 && amr.every((one) => one === 'pwd')

const limitedWayOf = new Map(
  Object.entries(limitedWays).flatMap(([way, values]) =>
    values.map((one): [string, LimitedWay] => [one, way as LimitedWay]),
  ),
)

/** The way of a sign-in by limited ways alone, or the first of several. Undefined where a passkey, a password or a QR code took part. */
export function limitedWay(amr: readonly string[]): LimitedWay | undefined {
  const [first, ...others] = amr.filter((one) => one !== twoFactors).map((one) => limitedWayOf.get(one))
  return others.includes(undefined) ? undefined : first
}

const isLimited = (method: string): method is LimitedWay => Object.hasOwn(limitedWays, method)

/** As `limitedWay`, for the login methods of a session by QR code and of the phone that vouched for it; `channel:<id>` is one, too. */
export function limitedPhone(methods: readonly string[]): LimitedWay | undefined {
  const ofPhone = methods.map((method) => method.replace(/:.*/, '')).filter((method) => method !== 'qr')
  return ofPhone.every(isLimited) ? ofPhone.find(isLimited) : undefined
}

/**
 * A text reaches level 2. A channel, a certificate, an upstream (`fed`) or another device may vouch for more, once: `vouched` has that
 * level, the `amr` values do not. A key (`hwk`, `swk`) is a certificate's; a passkey has `user` beside it.
 */
const reachLevel2: ReadonlySet<string> = new Set([
  ...limitedWays.sms,
  ...limitedWays.channel,
  ...limitedWays.certificate,
  'qr',
  'fed',
  'hwk',
  'swk',
  twoFactors,
])
const reachesLevel3 = (amr: readonly string[]): boolean => amr.some((one) => !reachLevel2.has(one))

/** Whether a session needs another way to sign in for a level above 2: no further proof of the person can help. */
export const isTooWeak = (reached: Level, amr: readonly string[]): boolean =>
  reached === 2 && amr.length > 0 && !reachesLevel3(amr)

/** Another device vouched for this browser (DESIGN 1.4): a relayed sign-in cannot be told from an honest one. */
export const isByQr = (amr: readonly string[]): boolean => amr.includes('qr')

/** A face is a person, but a machine in a hall sees it: such a session approves no other device, and proves no account. */
export const isFaceAlone = (amr: readonly string[]): boolean =>
  amr.length > 0 && amr.every((one) => limitedWayOf.get(one) === 'face')

/** The person signed in here, by more than a face: such a session may prove their account. */
export const isDirect = (amr: readonly string[]): boolean => !isByQr(amr) && !isFaceAlone(amr)

/** The only ways of a sign-in are upstreams, and ways that change nothing anyway: no passkey, no password. */
export const isByUpstream = (amr: readonly string[]): boolean =>
  amr.includes('fed') && amr.every((one) => one === 'fed' || limitedWayOf.has(one))

/** As `isByUpstream`, for the login methods of a phone; `upstream:<id>` is one, too. */
export const isUpstreamPhone = (methods: readonly string[]): boolean => {
  const ofPhone = methods.map((method) => method.replace(/:.*/, '')).filter((method) => method !== 'qr')
  return ofPhone.includes('upstream') && ofPhone.every((method) => method === 'upstream' || isLimited(method))
}

/**
 * The level that a session had reached without a face; 2 where a face took part. That level may be the face's own, and no word of a
 * channel or a QR code (`othersAtLevel3`).
 */
export const reachedWithoutFace = ({ level: reached, amr }: { level: Level; amr: readonly string[] }): Level =>
  amr.includes('face') ? 2 : reached

/** The facts about a sign-in that decide its level. */
export interface Proven {
  /** 2 self-asserted, 3 matched with a register, 4 with a verified face. */
  identityLevel: number
  /** Authentication methods of this login (RFC 8176). */
  amr: readonly string[]
  /** The level of the session that approved this one (a phone for a computer), or of the channel: an upper limit. */
  vouched?: Level | undefined
  /** The level of the session that this proof raises, by `reachedWithoutFace`. */
  before?: Level | undefined
  /** The account was recovered a short time ago, perhaps by another person. */
  held: boolean
  /** One factor, such as a password alone, is too little for this person (YIDENG_TWO_FACTORS). */
  needsTwo?: boolean | undefined
  /** The authenticator of this login was bound by a verified face. */
  bound?: boolean | undefined
  /** Age of the identity proof in days. */
  proofDays?: number | undefined
}

type Rule = z.infer<typeof rule>

const ways: Record<Rule['way'], (proven: Proven, by: Rule) => boolean> = {
  any: () => true,
  'more-than-sms': ({ amr }) => amr.length === 0 || reachesLevel3(amr),
  face: ({ amr }) => amr.includes('face'),
  'face-and-other': ({ amr, before = 2 }, { others, othersAtLevel3 = [] }) => {
    const counts = (one: string) =>
      others === undefined ? one !== 'face' : others.includes(one) || (before >= 3 && othersAtLevel3.includes(one))
    return amr.includes('face') && amr.some(counts)
  },
  bound: ({ bound }) => bound === true,
}

/** While an account is held, only a passkey proves the owner: a recovery does not create passkeys. */
const countsInHold = (amr: readonly string[]) => amr.includes('user')

/** Ways that are a second factor beside a password. A code by text is none: it is no better than level 2 alone. */
const secondFactors: ReadonlySet<string> = new Set([twoFactors, 'user', 'face'])

/**
 * Ways that show one factor, at any level that they vouch for. A channel shows an app that is signed in; its vendor asks for no gesture.
 * An upstream vouches for the person, and tells no factors. The phone of a QR login has shown its own factors (`vouched`).
 */
const oneFactor: ReadonlySet<string> = new Set(['pwd', 'fed', ...limitedWays.channel])

/** Nothing but one factor was shown; it may be a strong one. */
export const isOneFactor = (amr: readonly string[]): boolean => amr.length > 0 && amr.every((one) => oneFactor.has(one))

/** The ways that count for a person who needs two factors: one factor does with a second one only. */
const countedForTwo = (amr: readonly string[]): readonly string[] =>
  amr.some((one) => secondFactors.has(one)) ? amr : amr.filter((one) => !oneFactor.has(one))

/** The level that a login reaches by the rules; 2 where no rule of a higher level applies. */
export function levelReached(proven: Proven, by: Levels = levels): Level {
  const { identityLevel, vouched, held, needsTwo = false, proofDays: age = 0 } = proven
  const amr = needsTwo ? countedForTwo(proven.amr) : proven.amr
  if (amr.length === 0 && proven.amr.length > 0) return 2
  if (identityLevel < 3 || (held && !countsInHold(amr))) return 2
  if (vouched !== undefined) return vouched
  const holds = (one: Rule) =>
    identityLevel >= one.identity &&
    ways[one.way]({ ...proven, amr }, one) &&
    (one.proofDays === undefined || age <= one.proofDays)
  const reached = by.filter((row) => row.reached.some(holds)).map((row) => row.level)
  return level.parse(Math.max(2, ...reached))
}

/**
 * The level a portal asks for: the lowest of its `acr_values` (OIDC Core 3.1.2.1, in any order), at least the registered minimum.
 * Unknown values are ignored.
 */
export function levelAsked(expected: { minLevel: Level; acrValues: readonly string[] }): Level {
  const asked = expected.acrValues.map(levelOf).filter((value) => value !== undefined)
  const lowest = asked.toSorted((one, other) => one - other)[0]
  return lowest !== undefined && lowest > expected.minLevel ? lowest : expected.minLevel
}

/**
 * The name of a session's level for a portal: while a level is renamed, the name that the portal asked for.
 * @param acr of the session, old or new name
 */
export function acrAsAsked(acr: string | undefined, asked: readonly string[], by: Levels = levels): string | undefined {
  const row = by.find((one) => one.acr === acr || (acr !== undefined && one.aliases.includes(acr)))
  if (!row) return acr
  return asked.find((name) => row.aliases.includes(name)) ?? row.acr
}

/** The sign-in of a session or token. */
export interface AuthenticationContext extends SignInMoment {
  level: Level
  amr: readonly string[]
}

/**
 * Whether a sign-in still counts: it was not ended, and a held account may have its level. This also stops running logins, and
 * tokens that outlive their session; the removal of sessions does not.
 */
export function signInCounts(expected: {
  signIn: AuthenticationContext
  endings: SignInEndings
  held: boolean
}): boolean {
  const { signIn, endings, held } = expected
  if (isEnded(endings, signIn)) return false
  return !held || signIn.level < 3 || countsInHold(signIn.amr)
}
