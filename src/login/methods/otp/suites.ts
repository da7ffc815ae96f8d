import { createHmac, hash } from 'node:crypto'
import { isAmong } from '../../../accounts/constant-time.ts'

/** How one kind of token makes its code of a time step. */
interface Suite {
  /** Name in the parameter `algorithm` of an otpauth address; none where apps cannot make such codes. */
  readonly app?: 'SHA1' | 'SHA256'
  /** Length of a new secret, in bytes. */
  readonly bytes: number
  /** The number whose last decimal digits are the code. */
  number(secret: Buffer, step: number): number
}

const counterBytes = (step: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(step))
  return bytes
}

/** RFC 4226 section 5.3: dynamic truncation of an HMAC to 31 bits. */
function truncated(mac: Buffer): number {
  const offset = mac.readUInt8(mac.length - 1) & 0xf
  return mac.readUInt32BE(offset) & 0x7fffffff
}

const hmacOf = (digest: 'sha1' | 'sha256') => (secret: Buffer, step: number) =>
  truncated(createHmac(digest, secret).update(counterBytes(step)).digest())

/** The values that a code of GM/T 0021 depends on, beside the key. */
export interface Gmt0021Input {
  /** Time divided by the length of a step. */
  step: number
  /** C of the standard: the counter of an event. */
  counter?: number
  /** Q of the standard: a challenge in ASCII, at least four characters. */
  challenge?: string
}

const shortestInput = 16

/**
 * GM/T 0021: `S = SM3(K ‖ ID)` with ID = T ‖ C ‖ Q of at least 16 bytes. The number is the sum of the words of S modulo 2^32.
 * @internal
 */
export function gmt0021Number(secret: Buffer, { step, counter, challenge = '' }: Gmt0021Input): number {
  const event = Buffer.alloc(counter === undefined ? 0 : 4)
  if (counter !== undefined) event.writeUInt32BE(counter)
  const given = Buffer.concat([counterBytes(step), event, Buffer.from(challenge, 'ascii')])
  const padding = Buffer.alloc(Math.max(0, shortestInput - given.length))
  const digest = hash('sm3', Buffer.concat([secret, given, padding]), 'buffer')
  let sum = 0
  for (let at = 0; at < digest.length; at += 4) sum = (sum + digest.readUInt32BE(at)) >>> 0
  return sum
}

/** The kinds of tokens. `gmt0021-sm3` counts time alone, as hardware tokens with one button do. */
export const suites = {
  'rfc6238-sha1': { app: 'SHA1', bytes: 20, number: hmacOf('sha1') },
  'rfc6238-sha256': { app: 'SHA256', bytes: 32, number: hmacOf('sha256') },
  'gmt0021-sm3': { bytes: 16, number: (secret: Buffer, step: number) => gmt0021Number(secret, { step }) },
} as const satisfies Record<string, Suite>

export type SuiteName = keyof typeof suites

export const suiteNames = Object.keys(suites) as [SuiteName, ...SuiteName[]]

/** Everything that a token's code follows from, beside the time. */
export interface TokenSpec {
  suite: SuiteName
  /** Length of the code. */
  digits: number
  /** Seconds of a time step. */
  period: number
}

/** @internal */
export const digitsOf = (number: number, digits: number): string => String(number % 10 ** digits).padStart(digits, '0')

/**
 * The code of a time step (RFC 6238 section 4.2, GM/T 0021).
 * @internal
 */
export const codeAt = ({ suite, digits }: TokenSpec, secret: Buffer, step: number): string =>
  digitsOf(suites[suite].number(secret, step), digits)

/**
 * The time step of a moment, in milliseconds since 1970 UTC.
 * @internal
 */
export const stepAt = ({ period }: Pick<TokenSpec, 'period'>, now: number): number => Math.floor(now / 1000 / period)

/** Steps before and after the expected one that count. */
const window = 1
/** Steps that a token's clock may be off in all: five minutes for steps of 30 seconds. */
const longestDrift = 10

/** What a server remembers of a token's codes. */
export interface TokenClock {
  /** The last step that was used: no code of it or of a step before it counts again. */
  used: number
  /** Steps that the token's clock is ahead; negative where it is behind. */
  drift: number
}

/** The clock of the token after this code; undefined where the code is wrong, or its step was used. Each step is computed. */
export function clockAfter(
  token: TokenSpec & TokenClock,
  secret: Buffer,
  { code, now }: { code: string; now: number },
): TokenClock | undefined {
  const present = stepAt(token, now)
  const around = Array.from({ length: 2 * window + 1 }, (_, index) => present + token.drift + index - window)
  const right = around.filter((step) => isAmong(code, [codeAt(token, secret, step)]))
  const step = right.find((one) => one > token.used)
  if (step === undefined) return undefined
  return { used: step, drift: Math.max(-longestDrift, Math.min(longestDrift, step - present)) }
}
