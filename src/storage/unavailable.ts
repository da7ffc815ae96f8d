/** A store cannot be used just now: what was asked may be asked again later. */
export class StoreAway extends Error {
  constructor(store: string, cause: unknown) {
    super(`${store} cannot be used now`, { cause })
    this.name = 'StoreAway'
  }
}

/** Retry-After while a store is away. */
export const awaySeconds = '10'

/** What node:net says when nobody answers; what PostgreSQL says when it stops, starts, is full or gave up (its appendix A). */
const awayCodes = new Set(
  (
    'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ' +
    '08000 08001 08003 08004 08006 25006 25P03 53100 53200 53300 53400 55P03 57014 57P01 57P02 57P03 58000 58030'
  ).split(' '),
)

/** SQLite: busy, full, I/O (sqlite.org/rescode.html), the low byte of an extended code. */
const awaySqlite = new Set([5, 10, 13])

/** What node-postgres says without a code when a connection is lost or not to be had. */
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

/** Whether an error means that a store is away, not that what was asked of it is wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof StoreAway) return true
  if (!(error instanceof Error)) return false
  if (isUnavailable(error.cause)) return true
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return awaySqlite.has(errcode & 0xff)
  return (typeof code === 'string' && awayCodes.has(code)) || awayMessages.test(error.message)
}

/** For whoever works on the server, where a store is away. */
export const awaySentence = 'A store does not answer: look at YIDENG_DATABASE_URL and YIDENG_REDIS_URL.'
