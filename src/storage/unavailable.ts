/** A store is unavailable: the operation may succeed later. */
export class StoreUnavailable extends Error {
  constructor(store: string, cause: unknown) {
    super(`${store} cannot be used now`, { cause })
    this.name = 'StoreUnavailable'
  }
}

/** Retry-After in seconds while a store is unavailable. */
export const retryAfterSeconds = '10'

/**
 * Codes of node:net without a connection, and of PostgreSQL during stop, start or lack of resources (its appendix A). PgBouncer gives
 * its own errors as 08P01.
 */
const unavailableCodes = new Set(
  (
    'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ' +
    '08000 08001 08003 08004 08006 08P01 25P03 25P04 53100 53200 53300 53400 55P03 57014 57P05 58000 58030'
  ).split(' '),
)

/**
 * PostgreSQL's "you talk to the wrong one": a server that only reads, because another one took over, or one that stops
 * or starts.
 */
const wrongServerCodes = new Set(['25006', '57P01', '57P02', '57P03'])
/**
 * A standby cancels queries that its replay is in the way of (40001). It refuses locks for writing (55000) and
 * serializable transactions (0A000). PostgreSQL 26.4.
 */
const onStandby = /conflict with recovery|recovery is in progress|during recovery|in a hot standby/

/** Whether another server may have taken over under the address of this one. */
export function isWrongServer(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  return (typeof code === 'string' && wrongServerCodes.has(code)) || onStandby.test(error.message)
}

/** SQLite: busy, full, I/O (sqlite.org/rescode.html), the low byte of an extended code. */
const sqliteCodes = new Set([5, 10, 13])

/** Messages of node-postgres without a code, for a lost or missing connection. */
const unavailableMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** Whether an error means that a store is unavailable, not that the query is wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true
  if (!(error instanceof Error)) return false
  if (isUnavailable(error.cause)) return true
  if (isWrongServer(error)) return true
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return sqliteCodes.has(errcode & 0xff)
  return (typeof code === 'string' && unavailableCodes.has(code)) || unavailableMessages.test(error.message)
}

/** A hint for operators while a store is unavailable. */
export const unavailableHint = 'A store does not answer: look at YIDENG_DATABASE_URL and YIDENG_REDIS_URL.'

interface Stores {
  dataDir: string
  databaseUrl: string
  redisUrls: string
}

/**
 * In one sentence, that a store does not answer or refuses this server, with the settings that name it; undefined for
 * any other error. Addresses of stores are not shown: they may have passwords.
 */
export function storeSentence(error: unknown, { dataDir, databaseUrl, redisUrls }: Stores): string | undefined {
  const refusal = refusalOf(error)
  const names = [databaseUrl && 'YIDENG_DATABASE_URL', redisUrls && 'YIDENG_REDIS_URL'].filter(Boolean)
  if (redisUrls && isOtherProgram(error))
    return 'The setting YIDENG_REDIS_URL leads to a Sentinel, or to another program: write redis+sentinel://, or the address of Redis.'
  if (refusal && names.includes(refusal.setting))
    return `The setting ${refusal.setting} names a store that refuses this server: ${refusal.why}.`
  if (!isUnavailable(error)) return undefined
  if (names.length === 0)
    return `The store in YIDENG_DATA_DIR=${JSON.stringify(dataDir)} does not answer: ${deepest(error)}.`
  return `A store does not answer: look at ${names.join(' and ')}.`
}

type StoreSetting = 'YIDENG_DATABASE_URL' | 'YIDENG_REDIS_URL'

/** First words of answers of Redis, or about Sentinels, whose cause an operator must know. */
const redisRefusals =
  /^(WRONGPASS|NOAUTH|NOPERM|READONLY|MASTERDOWN|NOREPLICAS|LOADING|CLUSTERDOWN|MOVED|MISCONF|OOM|DENIED|no Sentinel|no master)\b/

/** A Sentinel knows none of the commands that store data, nor does a program of another kind. */
const isOtherProgram = (error: unknown): boolean =>
  error instanceof Error && (/^ERR unknown command\b/.test(error.message) || isOtherProgram(error.cause))

/** Codes of a certificate or of TLS that cannot be used (node:tls, OpenSSL verify), and pg's answer without TLS. */
const tlsCodes = /CERT|^ERR_(?:TLS|SSL|OSSL)|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^EPROTO$/
const withoutTls = /server does not support SSL/i

/** PostgreSQL: authorisation, no such database or schema, no right, no room, only for reading (its appendix A). Redis: the first word of its answer. */
function refusalOf(
  error: unknown,
  of: StoreSetting = 'YIDENG_DATABASE_URL',
): { setting: StoreSetting; why: string } | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message } = error as NodeJS.ErrnoException
  const known = typeof code === 'string' ? code : ''
  if (/^(28|3D|3F|53)|^42501$|^25006$/.test(known)) return { setting: 'YIDENG_DATABASE_URL', why: message }
  if (redisRefusals.test(message)) return { setting: 'YIDENG_REDIS_URL', why: message.replace(/\.$/, '') }
  const setting = error instanceof StoreUnavailable && message.startsWith('Redis ') ? 'YIDENG_REDIS_URL' : of
  if (tlsCodes.test(known) || withoutTls.test(message)) return { setting, why: firstPart(message) }
  return refusalOf(error.cause, setting)
}

/** OpenSSL adds lines, and Node.js advice for a command line. */
const firstPart = (message: string) => message.split(/[\n;]/)[0]?.trim() ?? ''

const deepest = (error: unknown): string =>
  error instanceof Error ? (error.cause === undefined ? error.message : deepest(error.cause)) : String(error)
