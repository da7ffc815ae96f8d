import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { loginMethods, type LoginMethodDeclaration } from '../login-methods.ts'
import { listOf, parseSettings, SettingsError, whole, type DocumentedSettings } from './setting-types.ts'

export { SettingsError }

const defaults: DocumentedSettings = z
  .record(z.string(), z.object({ default: z.string(), meaning: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('../../config/defaults.json', import.meta.url), 'utf8')))

/** A login method documents its own settings (src/login/methods/<name>/settings.ts). */
const documented: DocumentedSettings = Object.assign(
  {},
  defaults,
  ...loginMethods.map(({ settings }) => settings.documented),
)

const seconds = whole(1, 366 * 86_400)
const yesOrNo = z.enum(['true', 'false'], { error: 'must be true or false' }).transform((value) => value === 'true')

const path = z
  .string()
  .min(1, 'must name a directory or file')
  .transform((value) => resolve(value))

const issuer = z
  .url({ protocol: /^https?$/, error: 'must be a web address such as https://login.example.gov.cn' })
  .refine((value) => {
    if (!URL.canParse(value)) return false // asked even where the form was refused
    const url = new URL(value)
    return url.origin === value && !url.username
  }, 'must be an origin: scheme, host and port, without path, query or trailing slash')

const faceVerifiers = ['local', 'tencent', 'alibaba', 'webhook'] as const
const verifier = z.enum([...faceVerifiers, 'none'], { error: `must be one of ${faceVerifiers.join(', ')} or none` })
/** Nothing, or so many addresses at most, separated by commas. */
const addresses = (scheme: RegExp, most: number, message: string) =>
  z.string().refine((value) => {
    const all = value.split(',')
    return value === '' || (all.length <= most && all.every((one) => scheme.test(one) && URL.canParse(one)))
  }, message)

const schema = z.object({
  PORT: whole(0, 65_535),
  HOST: z.string().regex(/^[\w.:-]+$/, 'must be an address or host name'),
  YIDENG_ISSUER: issuer,
  YIDENG_DATA_DIR: path,
  YIDENG_KEYS_DIR: path,
  YIDENG_DATABASE_URL: addresses(
    /^postgres(ql)?:\/\/[^/]/,
    1,
    'must be postgres://user:password@host/database, or unset',
  ),
  YIDENG_REDIS_URL: addresses(
    /^rediss?:\/\/[^/]/,
    20,
    'must be redis:// or rediss:// addresses of one Redis or Cluster, or unset',
  ),
  YIDENG_WORKERS: whole(1, 64),
  YIDENG_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    error: 'must be one of fatal, error, warn, info, debug, trace, silent',
  }),
  YIDENG_RESOURCES: path,
  YIDENG_DEMO: yesOrNo,
  YIDENG_ORGANISATION_LEVEL: whole(3, 4),
  YIDENG_TRUST_PROXY: yesOrNo,
  YIDENG_AUDIT_MONTHS: whole(6, 120),
  YIDENG_SESSION_IDLE_SECONDS: seconds,
  YIDENG_SESSION_SECONDS: seconds,
  YIDENG_INTERACTION_SECONDS: seconds,
  YIDENG_CODE_SECONDS: seconds,
  YIDENG_ACCESS_TOKEN_SECONDS: seconds,
  YIDENG_ID_TOKEN_SECONDS: seconds,
  YIDENG_REFRESH_TOKEN_SECONDS: seconds,
  YIDENG_REFRESH_GRACE_SECONDS: whole(0, 60),
  YIDENG_FRESH_SIGN_IN_SECONDS: whole(30, 3600),
  YIDENG_CLOSING_DAYS: whole(1, 90),
  YIDENG_FACE_PROOFING: verifier,
  YIDENG_FACE_STEP_UP: verifier,
  YIDENG_FACE_LOGIN: z.enum(['local', 'none'], { error: 'must be local or none' }),
  YIDENG_FACE_ACCEPTED: z
    .string()
    .transform(listOf)
    .pipe(z.array(z.enum(faceVerifiers, { error: `must be a list of ${faceVerifiers.join(', ')}` }))),
  YIDENG_FACE_VENDORS: z.string().transform((value) => (value ? resolve(value) : '')),
  YIDENG_FACE_THREADS: whole(1, 64),
  YIDENG_FACE_QUEUE: whole(0, 1000),
  YIDENG_BREACHED_PASSWORDS: z.string().transform((value) => (value ? resolve(value) : '')),
  YIDENG_PASSWORD_TRIES: whole(1, 100),
  YIDENG_PASSWORD_WAIT_SECONDS: seconds,
  YIDENG_ADDRESS_TRIES: whole(1, 1_000_000),
  YIDENG_NUMBER_LOSS_WAIT_SECONDS: seconds,
  YIDENG_RECOVERY_HOLD_SECONDS: seconds,
  YIDENG_RECOVERY_PASSKEY_DAYS: whole(0, 3650),
  YIDENG_RECOVERY_LINK_SECONDS: seconds,
  YIDENG_ADDRESS_REGISTRATIONS: whole(1, 1_000_000),
  YIDENG_ADDRESS_REQUESTS: whole(10, 100_000_000),
  YIDENG_ADDRESS_STORED: whole(16, 100_000_000),
  YIDENG_PORTAL_CALLS: whole(10, 100_000_000),
})

/** All settings, parsed; directories are absolute. Names, defaults and meanings stand in config/defaults.json. */
export type Settings = ReturnType<typeof readAll>

/** The settings of each login method, by its name. */
type MethodSettings = { [M in LoginMethodDeclaration as M['name']]: ReturnType<M['settings']['read']> }

/**
 * Reads the settings from an environment over the documented defaults.
 * @throws SettingsError naming the first wrong setting
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(
    Object.entries(documented).map(([name, { default: value }]) => [name, environment[name] || value]),
  )
  given['YIDENG_ISSUER'] = (given['YIDENG_ISSUER'] ?? '').replace('$PORT', given['PORT'] ?? '')
  return readAll(given, environment['NODE_ENV'] === 'production')
}

function readAll(given: Record<string, string>, production: boolean) {
  const all = parseSettings(schema, given)
  if (all.YIDENG_SESSION_IDLE_SECONDS > all.YIDENG_SESSION_SECONDS) {
    throw new SettingsError('The setting YIDENG_SESSION_IDLE_SECONDS must not be larger than YIDENG_SESSION_SECONDS.')
  }
  if (production && !all.YIDENG_ISSUER.startsWith('https://')) {
    throw new SettingsError('The setting YIDENG_ISSUER must begin with https:// when NODE_ENV=production.')
  }
  return {
    production,
    port: all.PORT,
    host: all.HOST,
    issuer: all.YIDENG_ISSUER,
    dataDir: all.YIDENG_DATA_DIR,
    keysDir: all.YIDENG_KEYS_DIR,
    /** Empty: the embedded store. */
    databaseUrl: all.YIDENG_DATABASE_URL,
    /** Empty: the embedded store. */
    redisUrls: all.YIDENG_REDIS_URL,
    workers: all.YIDENG_WORKERS,
    resourcesFile: all.YIDENG_RESOURCES,
    logLevel: all.YIDENG_LOG_LEVEL,
    demo: all.YIDENG_DEMO,
    organisationLevel: all.YIDENG_ORGANISATION_LEVEL === 3 ? (3 as const) : (4 as const),
    trustProxy: all.YIDENG_TRUST_PROXY,
    auditMonths: all.YIDENG_AUDIT_MONTHS,
    /** All in seconds. */
    lifetimes: {
      sessionIdle: all.YIDENG_SESSION_IDLE_SECONDS,
      session: all.YIDENG_SESSION_SECONDS,
      interaction: all.YIDENG_INTERACTION_SECONDS,
      code: all.YIDENG_CODE_SECONDS,
      accessToken: all.YIDENG_ACCESS_TOKEN_SECONDS,
      idToken: all.YIDENG_ID_TOKEN_SECONDS,
      refreshToken: all.YIDENG_REFRESH_TOKEN_SECONDS,
      refreshGrace: all.YIDENG_REFRESH_GRACE_SECONDS,
      freshSignIn: all.YIDENG_FRESH_SIGN_IN_SECONDS,
    },
    methods: Object.fromEntries(
      loginMethods.map(({ name, settings }) => [name, settings.read(given)]),
    ) as MethodSettings,
    closingDays: all.YIDENG_CLOSING_DAYS,
    /** Face verification; which verifier for which purpose, and where the local engine may serve. */
    face: {
      verifiers: {
        proofing: all.YIDENG_FACE_PROOFING,
        'step-up': all.YIDENG_FACE_STEP_UP,
        login: all.YIDENG_FACE_LOGIN,
      },
      /** Outside production every verifier counts. */
      accepted: production ? all.YIDENG_FACE_ACCEPTED : [...faceVerifiers],
      vendorsFile: all.YIDENG_FACE_VENDORS,
      threads: all.YIDENG_FACE_THREADS,
      queue: all.YIDENG_FACE_QUEUE,
    },
    /** Empty: none. */
    breachedPasswordsFile: all.YIDENG_BREACHED_PASSWORDS,
    /** From a proof at a counter until another account loses the number by it. */
    numberLossWaitSeconds: all.YIDENG_NUMBER_LOSS_WAIT_SECONDS,
    /** Of a recovered account; in seconds, and days. */
    recovery: {
      hold: all.YIDENG_RECOVERY_HOLD_SECONDS,
      link: all.YIDENG_RECOVERY_LINK_SECONDS,
      passkeyDays: all.YIDENG_RECOVERY_PASSKEY_DAYS,
    },
    limits: {
      passwordTries: all.YIDENG_PASSWORD_TRIES,
      passwordWaitSeconds: all.YIDENG_PASSWORD_WAIT_SECONDS,
      addressTries: all.YIDENG_ADDRESS_TRIES,
      addressRegistrations: all.YIDENG_ADDRESS_REGISTRATIONS,
      addressRequests: all.YIDENG_ADDRESS_REQUESTS,
      addressStored: all.YIDENG_ADDRESS_STORED,
      portalCalls: all.YIDENG_PORTAL_CALLS,
    },
  }
}

/** Name, default and meaning of every setting, for docs/settings.md. */
export const documentedSettings = Object.entries(documented).map(([name, entry]) => ({ name, ...entry }))
