import { z } from 'zod'
import { networkSchema } from '../networks.ts'
import { postgresHosts, sessionAttributeFault } from '../postgres-hosts.ts'
import { sentinelAddress } from '../sentinel-address.ts'
import { sslModeFault } from '../ssl-mode.ts'
import { suites } from '../suite.ts'
import {
  addresses,
  listOf,
  parseSettings,
  path,
  optionalPath,
  SettingsError,
  whole,
  yesOrNo,
  type SettingTexts,
} from '../setting-types.ts'

const issuer = z
  .url({ protocol: /^https?$/, error: 'must be a web address such as https://login.example.gov.cn' })
  .refine(
    (value) => {
      // zod calls this even when the check above failed
      if (!URL.canParse(value)) return false
      const url = new URL(value)
      return url.origin === value && !url.username
    },
    {
      error: ({ input }) =>
        `must be an origin: scheme, host and port, without path, query, usual port or trailing slash${suggested(input)}`,
    },
  )

/** The origin of a value that has more than it. */
const suggested = (value: unknown) =>
  typeof value === 'string' && URL.canParse(value) && !new URL(value).username ? `, as ${new URL(value).origin}` : ''

const networks = z.union([networkSchema, z.ipv4(), z.ipv6()])

const ofRedis =
  'must be redis:// or rediss:// addresses of one Redis or Cluster, redis+sentinel:// of its Sentinels, or unset'
const redisNodes = addresses(/^rediss?:\/\/[^/]/, 20, ofRedis)

const schema = z.object({
  PORT: whole(0, 65_535),
  HOST: z.string().regex(/^[\w.:-]+$/, 'must be an address or host name'),
  YIDENG_ISSUER: issuer,
  YIDENG_DATA_DIR: path,
  YIDENG_KEYS_DIR: path,
  YIDENG_SUITE: z.enum(suites, { error: 'must be international or guomi' }),
  YIDENG_DATABASE_URL: z.string().superRefine((url, { addIssue }) => {
    if (url === '') return
    const [first] = postgresHosts(url) ?? []
    const fault =
      first === undefined
        ? 'must be postgres://user:password@host/database, with one host or several, or unset'
        : (sslModeFault(first) ?? sessionAttributeFault(url))
    if (fault !== undefined) addIssue(fault)
  }),
  YIDENG_REDIS_URL: z
    .string()
    .refine((text) => sentinelAddress(text) !== undefined || redisNodes.safeParse(text).success, ofRedis),
  YIDENG_WORKERS: whole(1, 64),
  YIDENG_CLOCK_SECONDS: whole(1, 999_999_999),
  YIDENG_DRAIN_SECONDS: whole(0, 300),
  YIDENG_BUSY_MS: whole(0, 60_000),
  YIDENG_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    error: 'must be one of fatal, error, warn, info, debug, trace, silent',
  }),
  YIDENG_RESOURCES: path,
  YIDENG_DEMO: yesOrNo,
  YIDENG_TRUST_PROXY: yesOrNo,
  YIDENG_OUTBOUND_NETWORKS: z
    .string()
    .transform(listOf)
    .refine(
      (all) => all.every((one) => networks.safeParse(one).success),
      'must be a list of networks such as 10.3.0.0/16 or of single addresses, separated by commas',
    ),
  YIDENG_AUDIT_MONTHS: whole(6, 120),
  YIDENG_SM2_KEYS: z.enum(['', 'software', 'svs', 'none'], { error: 'must be software, svs, none or empty' }),
  YIDENG_SVS: optionalPath,
  YIDENG_ID_TOKEN_ALG: z.enum(['', 'RS256', 'ES256'], { error: 'must be RS256, ES256 or empty' }),
  YIDENG_RSA_BITS: z.enum(['2048', '3072'], { error: 'must be 2048 or 3072' }),
})

/** Where the server listens, what it stores in, and how it runs. */
export function serverSettings(texts: SettingTexts, production: boolean) {
  const parsed = parseSettings(schema, texts)
  if (production && !parsed.YIDENG_ISSUER.startsWith('https://')) {
    throw new SettingsError('The setting YIDENG_ISSUER must begin with https:// when NODE_ENV=production.')
  }
  if (parsed.YIDENG_SM2_KEYS === 'svs' && !parsed.YIDENG_SVS) {
    throw new SettingsError('The setting YIDENG_SVS must name a file when YIDENG_SM2_KEYS=svs.')
  }
  return {
    port: parsed.PORT,
    host: parsed.HOST,
    issuer: parsed.YIDENG_ISSUER,
    dataDir: parsed.YIDENG_DATA_DIR,
    keysDir: parsed.YIDENG_KEYS_DIR,
    suite: parsed.YIDENG_SUITE,
    /** Empty: the embedded store. */
    databaseUrl: parsed.YIDENG_DATABASE_URL,
    /** Empty: the embedded store. */
    redisUrls: parsed.YIDENG_REDIS_URL,
    workers: parsed.YIDENG_WORKERS,
    /** Seconds between this machine's clock and PostgreSQL's, at most. */
    clockSeconds: parsed.YIDENG_CLOCK_SECONDS,
    /** Seconds between SIGTERM, from which on /readyz is 503, and the end of listening. */
    drainSeconds: parsed.YIDENG_DRAIN_SECONDS,
    /** Mean milliseconds by which the event loop may be late before new sign-ins are refused; 0: never. */
    busyMs: parsed.YIDENG_BUSY_MS,
    resourcesFile: parsed.YIDENG_RESOURCES,
    logLevel: parsed.YIDENG_LOG_LEVEL,
    demo: parsed.YIDENG_DEMO,
    trustProxy: parsed.YIDENG_TRUST_PROXY,
    /** Inner networks that portals may live in (guards/reachable.ts). */
    outboundNetworks: parsed.YIDENG_OUTBOUND_NETWORKS,
    auditMonths: parsed.YIDENG_AUDIT_MONTHS,
    /** Where the keys of SM2 are. A software key is no certified product: production must accept it by name. */
    sm2Keys: parsed.YIDENG_SM2_KEYS || (production ? 'none' : 'software'),
    /** The file of the signature server (keys/guomi/svs/svs-file.ts); empty where there is none. */
    svsFile: parsed.YIDENG_SVS,
    /** For new portals that name none. Undefined: by their type. */
    idTokenAlg: parsed.YIDENG_ID_TOKEN_ALG || undefined,
    /** Length of RSA keys that are made from now on; those in use stay until they rotate. */
    rsaBits: parsed.YIDENG_RSA_BITS === '3072' ? (3072 as const) : (2048 as const),
  }
}
