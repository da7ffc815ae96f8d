/** Algorithms of one fast step. @internal */
export const fastAlgorithms = ['md5', 'sha1', 'sha256', 'sm3'] as const
/** Algorithms that count iterations (RFC 8018 section 5.2); SM3 is GB/T 32905. */
const pbkdf2Digests = { 'pbkdf2-sha1': 'sha1', 'pbkdf2-sha256': 'sha256', 'pbkdf2-sm3': 'sm3' } as const

type FastAlgorithm = (typeof fastAlgorithms)[number]
type Pbkdf2 = keyof typeof pbkdf2Digests

/** Bytes of each digest. */
export const digestBytes = { md5: 16, sha1: 20, sha256: 32, sm3: 32 } as const

/** A front end sent the digest of the password as hexadecimal digits, `MD5` in upper case. */
export const fronts = ['md5', 'MD5', 'sha1', 'SHA1', 'sha256', 'SHA256', 'sm3', 'SM3'] as const
export type Front = (typeof fronts)[number]

const orders = ['salt+pw', 'pw+salt'] as const

/** How an old system computed its hashes. */
export type Scheme =
  | { algorithm: FastAlgorithm; order: (typeof orders)[number] | 'pw' }
  | { algorithm: Pbkdf2; digest: FastAlgorithm; iterations: number; bytes: number }
  | { algorithm: 'bcrypt'; cost: number }

/** The hash of an old system: the bytes themselves, or argon2id over them (a PHC string). */
export interface LegacyHash {
  scheme: Scheme
  front: Front | undefined
  salt: Buffer
  hash: { bare: Buffer } | { wrapped: string }
}

/** Every sign-in waits as long as for the most costly hash of the store, so the cost is limited. */
const mostCost = 12
const mostIterations = 1_200_000
const shortestHash = 16
const longestHash = 64

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const usualAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const saltLetters = 22

/** bcrypt writes base64 in an order of its own. */
export const toBcrypt64 = (bytes: Buffer): string =>
  [...bytes.toString('base64').replaceAll('=', '')]
    .map((letter) => bcryptAlphabet[usualAlphabet.indexOf(letter)])
    .join('')

/** Reads what `toBcrypt64` writes. */
export const fromBcrypt64 = (text: string): Buffer =>
  Buffer.from([...text].map((letter) => usualAlphabet[bcryptAlphabet.indexOf(letter)]).join(''), 'base64')

export const isLegacy = (text: string): boolean => /^\$(legacy|2[aby])\$/.test(text)

type Parameters = Readonly<Record<string, string>>

/**
 * Reads `$legacy$scheme=…,order=…,enc=…$salt$hash` or a bcrypt string as it stands; docs/import.md has the table of parameters.
 * @returns undefined for another format, an unknown scheme, or a cost over the limit
 */
export function parseLegacyHash(text: string): LegacyHash | undefined {
  if (/^\$2[aby]\$/.test(text)) return bcryptHash(text, undefined)
  const [, list = '', salt = '', rest = ''] = /^\$legacy\$([^$]*)\$([^$]*)\$(.+)$/.exec(text) ?? []
  const parameters = readParameters(list)
  if (!parameters) return undefined
  const front = fronts.find((one) => one === parameters['front'])
  if (parameters['front'] !== undefined && front === undefined) return undefined
  if (parameters['scheme'] === 'bcrypt' && rest.startsWith('$2'))
    return salt === '' ? bcryptHash(rest, front) : undefined
  const scheme = schemeOf(parameters, salt)
  const saltBytes = decode(salt, parameters['salt-enc'] ?? 'text')
  const hash = scheme && hashIn(rest, scheme, parameters['enc'] ?? 'hex')
  return scheme && saltBytes && hash ? { scheme, front, salt: saltBytes, hash } : undefined
}

const known = new Set(['scheme', 'order', 'enc', 'front', 'salt-enc', 'iterations', 'cost', 'bytes'])

function readParameters(list: string): Parameters | undefined {
  const pairs = list.split(',').map((pair) => /^([a-z0-9-]+)=(.+)$/.exec(pair)?.slice(1) ?? [])
  const names = new Set(pairs.map(([name = '']) => name))
  if (names.size !== pairs.length || pairs.some(([name = '']) => !known.has(name))) return undefined
  return Object.fromEntries(pairs) as Parameters
}

function schemeOf(parameters: Parameters, salt: string): Scheme | undefined {
  const [name = '', given] = (parameters['scheme'] ?? '').split(':')
  const algorithm = fastAlgorithms.find((one) => one === name)
  if (algorithm) {
    const order = parameters['order'] ?? given ?? 'pw'
    const fitting = [...orders, 'pw' as const].find((one) => one === order)
    // a salt in no place would be left out of every hash
    return fitting && (salt === '' || fitting !== 'pw') ? { algorithm, order: fitting } : undefined
  }
  if (name === 'bcrypt') {
    const cost = numberWithin(parameters['cost'], 4, mostCost)
    return cost === undefined ? undefined : { algorithm: 'bcrypt', cost }
  }
  const pbkdf2 = (Object.keys(pbkdf2Digests) as Pbkdf2[]).find((one) => one === name)
  const iterations = numberWithin(parameters['iterations'], 1, mostIterations)
  if (!pbkdf2 || iterations === undefined) return undefined
  const digest = pbkdf2Digests[pbkdf2]
  const bytes = numberWithin(parameters['bytes'] ?? String(digestBytes[digest]), shortestHash, longestHash)
  return bytes === undefined ? undefined : { algorithm: pbkdf2, digest, iterations, bytes }
}

function numberWithin(text: string | undefined, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text ?? '') ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : undefined
}

const lengthOf = (scheme: Scheme) =>
  scheme.algorithm === 'bcrypt' ? 23 : 'bytes' in scheme ? scheme.bytes : digestBytes[scheme.algorithm]

function hashIn(text: string, scheme: Scheme, encoding: string): LegacyHash['hash'] | undefined {
  if (text.startsWith('$argon2id$')) return { wrapped: text }
  const bare = encoding === 'text' ? undefined : decode(text, encoding)
  return bare?.length === lengthOf(scheme) ? { bare } : undefined
}

function decode(text: string, encoding: string): Buffer | undefined {
  if (encoding === 'text') return Buffer.from(text)
  if (encoding === 'hex') return /^([\da-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
  // both alphabets of RFC 4648 sections 4 and 5
  return encoding === 'b64' && /^[\w+/-]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

function bcryptHash(text: string, front: Front | undefined): LegacyHash | undefined {
  const [, given, rest = ''] = /^\$2[aby]\$(\d\d)\$([./A-Za-z\d]{53})$/.exec(text) ?? []
  const cost = numberWithin(given, 4, mostCost)
  if (cost === undefined) return undefined
  const salt = fromBcrypt64(rest.slice(0, saltLetters)).subarray(0, 16)
  return { scheme: { algorithm: 'bcrypt', cost }, front, salt, hash: { bare: fromBcrypt64(rest.slice(saltLetters)) } }
}

/** The text to store for an argon2id hash over the bytes of an old hash. */
export function wrappedText({ scheme, front, salt }: LegacyHash, argon2id: string): string {
  const own =
    scheme.algorithm === 'bcrypt'
      ? { cost: scheme.cost }
      : 'order' in scheme
        ? { order: scheme.order }
        : { iterations: scheme.iterations, bytes: scheme.bytes }
  const parameters = { scheme: scheme.algorithm, ...own, ...(front ? { front } : {}), 'salt-enc': 'b64' }
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${value}`)
  return `$legacy$${list.join(',')}$${salt.toString('base64')}$${argon2id}`
}
