import { randomBytes } from 'node:crypto'
import argon2 from 'argon2'
import { createHashGate, type HashGate, type Line } from './hash-gate.ts'
import { preparePassword } from './prepare.ts'

/** Parameters of argon2id (RFC 9106). */
export interface HashParameters {
  memoryKiB: number
  passes: number
  lanes: number
}

/** DESIGN 2.5: the second of five equivalent settings for argon2id by OWASP. */
const defaults: HashParameters = { memoryKiB: 19_456, passes: 2, lanes: 1 }
export const defaultGate = { concurrent: 2, waiting: { known: 64, quiet: 128, noisy: 32 } }

/** `line`: the queue at full load. Methods that compute throw Refusal `busy` when the queue is full. */
export interface Passwords {
  /** The hash to store: a PHC string with its own salt. */
  hash(password: string, line?: Line): Promise<string>
  /** @throws Error when the stored hash is no argon2 hash */
  verify(hash: string, password: string, line?: Line): Promise<boolean>
  /** Takes the same time as `verify`, for an account that does not exist or has no password. */
  verifyDecoy(password: string, line?: Line): Promise<void>
  /** Whether a hash was made with other parameters than the current ones. */
  needsRehash(hash: string): boolean
}

export function createPasswords(options: { parameters?: HashParameters; gate?: HashGate } = {}): Passwords {
  const { parameters = defaults, gate = createHashGate(defaultGate) } = options
  const { memoryKiB, passes, lanes } = parameters
  const argon2id = { type: argon2.argon2id, memoryCost: memoryKiB, timeCost: passes, parallelism: lanes } as const
  const decoy = makeDecoy(parameters)
  const verify = (hash: string, password: string, line?: Line) =>
    gate(() => argon2.verify(hash, preparePassword(password)), line)

  return {
    hash: (password, line) => gate(() => argon2.hash(preparePassword(password), argon2id), line),
    verify,
    async verifyDecoy(password, line) {
      await verify(decoy, password, line)
    },
    needsRehash: (hash) => !hash.startsWith('$argon2id$') || argon2.needsRehash(hash, argon2id),
  }
}

/** Random bytes in the form of a hash: no password has it, and comparing takes the same time. */
function makeDecoy({ memoryKiB, passes, lanes }: HashParameters): string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${random(16)}$${random(32)}`
}
