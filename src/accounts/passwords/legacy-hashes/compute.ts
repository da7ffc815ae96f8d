import { createHash, pbkdf2 as pbkdf2Callback } from 'node:crypto'
import { promisify } from 'node:util'
import { digestBytes, fromBcrypt64, toBcrypt64, type Front, type LegacyHash } from './legacy-hash.ts'

const pbkdf2 = promisify(pbkdf2Callback)

/** Loaded when the first bcrypt hash is met: most stores have none. */
const bcrypt = async (bytes: Buffer, cost: number, salt: Buffer): Promise<Buffer> => {
  const { hash } = (await import('bcrypt')).default
  const before = `$2b$${String(cost).padStart(2, '0')}$${toBcrypt64(salt)}`
  return fromBcrypt64((await hash(bytes, before)).slice(before.length))
}

const hexOf = (front: Front, bytes: Buffer): string => {
  const digits = createHash(front.toLowerCase()).update(bytes).digest('hex')
  return front === front.toLowerCase() ? digits : digits.toUpperCase()
}

/** The bytes that the old system would have stored for this password; slow algorithms run outside the event loop. */
export async function legacyDigest({ scheme, front, salt }: LegacyHash, password: Buffer): Promise<Buffer> {
  const bytes = front ? Buffer.from(hexOf(front, password)) : password
  if (scheme.algorithm === 'bcrypt') return bcrypt(bytes, scheme.cost, salt)
  if ('iterations' in scheme) return pbkdf2(bytes, salt, scheme.iterations, scheme.bytes, scheme.digest)
  const hash = createHash(scheme.algorithm)
  if (scheme.order === 'salt+pw') hash.update(salt)
  hash.update(bytes)
  if (scheme.order === 'pw+salt') hash.update(salt)
  return hash.digest()
}

/** Steps of each slow algorithm: 2^cost of bcrypt, iterations of PBKDF2. */
export type SlowWork = Readonly<Partial<Record<'bcrypt' | 'sha1' | 'sha256' | 'sm3', number>>>

/** The slow work of one password; none for a fast algorithm. */
export function workOf({ scheme }: LegacyHash): SlowWork {
  if (scheme.algorithm === 'bcrypt') return { bcrypt: 2 ** scheme.cost }
  if (!('iterations' in scheme)) return {}
  const { digest, iterations, bytes } = scheme
  return { [digest]: iterations * Math.ceil(bytes / digestBytes[digest]) }
}

/** The larger number of each kind. */
export function mostWork(one: SlowWork, other: SlowWork): SlowWork {
  const kinds = new Set([...Object.keys(one), ...Object.keys(other)] as (keyof SlowWork)[])
  return Object.fromEntries([...kinds].map((kind) => [kind, Math.max(one[kind] ?? 0, other[kind] ?? 0)]))
}

const leastCost = 4
const paddingSalt = Buffer.alloc(16)

/** Does the work that is missing, so that every password takes the same time. */
export async function padWork(password: Buffer, done: SlowWork, all: SlowWork): Promise<void> {
  const missing = (kind: keyof SlowWork) => (all[kind] ?? 0) - (done[kind] ?? 0)
  // 2^12 - 2^10 is 2^11 + 2^10
  for (let left = missing('bcrypt'); left >= 2 ** leastCost;) {
    const cost = Math.floor(Math.log2(left))
    await bcrypt(password, cost, paddingSalt)
    left -= 2 ** cost
  }
  for (const digest of ['sha1', 'sha256', 'sm3'] as const) {
    if (missing(digest) > 0) await pbkdf2(password, paddingSalt, missing(digest), digestBytes[digest], digest)
  }
}
