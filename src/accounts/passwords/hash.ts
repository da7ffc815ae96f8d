import { timingSafeEqual } from 'node:crypto'
import { decoyArgon2id, hashArgon2id, hasOtherParameters, verifyArgon2id, type HashParameters } from './argon2id.ts'
import { createHashGate, type HashGate, type Line } from './hash-gate.ts'
import { legacyDigest, padWork, workOf, type SlowWork } from './legacy-hashes/compute.ts'
import { isLegacy, parseLegacyHash, wrappedText, type LegacyHash } from './legacy-hashes/legacy-hash.ts'
import { passwordBytes } from './legacy-hashes/password-bytes.ts'
import { preparePassword } from './prepare.ts'

/** DESIGN 2.5: the second of five equivalent settings for argon2id by OWASP. */
const defaults: HashParameters = { memoryKiB: 19_456, passes: 2, lanes: 1 }
export const defaultGate = { concurrent: 2, waiting: { known: 64, quiet: 128, noisy: 32 } }

/** `line`: the queue at full load. Methods that compute throw Refusal `busy` when the queue is full. */
export interface Passwords {
  /** The hash to store: a PHC string with its own salt. */
  hash(password: string, line?: Line): Promise<string>
  /**
   * @param hash argon2id, or a legacy hash, wrapped or not
   * @throws Error for another format
   */
  verify(hash: string, password: string, line?: Line): Promise<boolean>
  /** Takes the same time as `verify`, for an account that does not exist or has no password. */
  verifyDecoy(password: string, line?: Line): Promise<void>
  /** Whether a hash was made with other parameters than the current ones. */
  needsRehash(hash: string): boolean
  /**
   * Wraps a bare legacy hash: argon2id over its bytes, so that its fast algorithm protects nothing any longer. It waits behind
   * every sign-in. @throws Error for another format
   */
  wrap(hash: string): Promise<string>
}

/** `legacyWork`: the work of each check, because of legacy hashes in the store; undefined where it has none. */
export function createPasswords(
  options: {
    parameters?: HashParameters
    gate?: HashGate
    legacyWork?: () => Promise<SlowWork | undefined>
  } = {},
): Passwords {
  const { parameters = defaults, gate = createHashGate(defaultGate), legacyWork = async () => undefined } = options
  const decoy = decoyArgon2id(parameters)

  /** Whether one form of the typed password fits. Each form takes the same time for any stored hash. */
  async function fits(hash: string, legacy: LegacyHash | undefined, password: Buffer, work: SlowWork) {
    if (!legacy) {
      await padWork(password, {}, work)
      return verifyArgon2id(hash, password)
    }
    const digest = await legacyDigest(legacy, password)
    await padWork(password, workOf(legacy), work)
    if ('wrapped' in legacy.hash) return verifyArgon2id(legacy.hash.wrapped, digest)
    await verifyArgon2id(decoy, digest)
    return timingSafeEqual(digest, legacy.hash.bare)
  }

  async function verify(hash: string, password: string, line?: Line): Promise<boolean> {
    const legacy = isLegacy(hash) ? readLegacy(hash) : undefined
    const work = await legacyWork()
    if (!legacy && !work) return gate(() => verifyArgon2id(hash, preparePassword(password)), line)
    return gate(async () => {
      const [normal = Buffer.alloc(0), ...others] = passwordBytes(password)
      if (await fits(hash, legacy, normal, work ?? {})) return true
      // other forms are for legacy hashes, and take their time for all
      for (const form of others) if (await fits(legacy ? hash : decoy, legacy, form, work ?? {})) return true
      return false
    }, line)
  }

  return {
    hash: (password, line) => gate(() => hashArgon2id(preparePassword(password), parameters), line),
    verify,
    async verifyDecoy(password, line) {
      await verify(decoy, password, line)
    },
    async wrap(hash) {
      const legacy = readLegacy(hash)
      const { hash: old } = legacy
      if ('wrapped' in old) return hash
      return wrappedText(legacy, await gate(() => hashArgon2id(old.bare, parameters), 'noisy'))
    },
    needsRehash: (hash) => hasOtherParameters(hash, parameters),
  }
}

function readLegacy(hash: string): LegacyHash {
  const legacy = parseLegacyHash(hash)
  if (!legacy) throw new Error('This is no legacy hash that Yideng knows.')
  return legacy
}
