import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Parameters of argon2id (RFC 9106). */
export interface HashParameters {
  memoryKiB: number
  passes: number
  lanes: number
}

const saltBytes = 16
const tagBytes = 32
const compute = promisify(argon2)
const form = /^\$argon2id\$v=19\$([mtp]=\d+,[mtp]=\d+,[mtp]=\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

const phc = ({ memoryKiB, passes, lanes }: HashParameters, salt: Buffer, tag: Buffer) =>
  `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(tag)}`

/** The parts of a PHC string; undefined for another format. The parameters come in any order. */
function read(hash: string): { parameters: HashParameters; salt: Buffer; tag: Buffer } | undefined {
  const [, list = '', salt = '', tag = ''] = form.exec(hash) ?? []
  const { m, t, p } = Object.fromEntries(list.split(',').map((pair) => pair.split('='))) as Record<string, string>
  if (m === undefined || t === undefined || p === undefined) return undefined
  const parameters = { memoryKiB: Number(m), passes: Number(t), lanes: Number(p) }
  return { parameters, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
}

/** Runs in the thread pool; one lane is one thread. */
const tagOf = (
  message: string | Buffer,
  { memoryKiB, passes, lanes }: HashParameters,
  nonce: Buffer,
  tagLength: number,
) => compute('argon2id', { message, nonce, parallelism: lanes, tagLength, memory: memoryKiB, passes })

/** A PHC string with a salt of its own, which every library of argon2 reads. */
export async function hashArgon2id(message: string | Buffer, parameters: HashParameters): Promise<string> {
  const salt = randomBytes(saltBytes)
  return phc(parameters, salt, await tagOf(message, parameters, salt, tagBytes))
}

/** @throws Error for another format */
export async function verifyArgon2id(hash: string, message: string | Buffer): Promise<boolean> {
  const stored = read(hash)
  if (!stored) throw new Error('This is no hash of argon2id.')
  return timingSafeEqual(await tagOf(message, stored.parameters, stored.salt, stored.tag.length), stored.tag)
}

/** Whether a hash was made with other parameters, or is of another format. */
export function hasOtherParameters(hash: string, { memoryKiB, passes, lanes }: HashParameters): boolean {
  const stored = read(hash)?.parameters
  return stored?.memoryKiB !== memoryKiB || stored.passes !== passes || stored.lanes !== lanes
}

/** Random bytes in the form of a hash: no password has it, and comparing takes the same time. */
export const decoyArgon2id = (parameters: HashParameters): string =>
  phc(parameters, randomBytes(saltBytes), randomBytes(tagBytes))
