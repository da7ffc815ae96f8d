import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../config/clock.ts'
import type { Settings } from '../../config/settings.ts'
import {
  addToSigningKeyFile,
  readSigningKeyFile,
  retireInSigningKeyFile,
  type SigningKeyFile,
} from '../signing-key-file.ts'
import type { KeyTimes } from '../signing-keys.ts'
import {
  generateSm2Key,
  readSm2PublicKey,
  sm2Algorithm,
  sm2PrivateJwk,
  sm2PublicJwk,
  sm2Signer,
  type SignSm2,
  type Sm2PublicKey,
} from './sm2.ts'

/** A key of SM2 that signs tokens, in this process or in a signature server. */
export interface Sm2SigningKey extends KeyTimes {
  alg: typeof sm2Algorithm
  publicKey: Sm2PublicKey
  sign: SignSm2
}

/** The file of SM2 keys. Older versions read `signing.json` and refuse a third algorithm in it. */
export const sm2KeyFile = 'signing-sm2.json'

const file: SigningKeyFile<typeof sm2Algorithm> = {
  name: sm2KeyFile,
  algorithms: [sm2Algorithm],
  generate: generateSm2Key,
  publicHalf: (key) => sm2PublicJwk.parse(key),
}

/** Software keys, made at the first call. */
export const openSm2Keys = (directory: string, clock: Clock): Sm2SigningKey[] =>
  readSigningKeyFile(file, directory, clock).keys.map(({ jwk, ...times }) => ({
    ...times,
    ...sm2Signer(sm2PrivateJwk.parse(jwk)),
  }))

/** Public halves of all software keys, including retired ones; none where there is no file. */
export function openSm2PublicKeys(directory: string, clock: Clock): { kid: string; publicKey: Sm2PublicKey }[] {
  if (!existsSync(join(directory, sm2KeyFile))) return []
  const { keys, retired } = readSigningKeyFile(file, directory, clock)
  return [...keys, ...retired].map(({ kid, jwk }) => ({ kid, publicKey: readSm2PublicKey(sm2PublicJwk.parse(jwk)) }))
}

/** Adds a software key: published immediately, used from `useFrom`. @returns its id */
export const addSm2Keys = (directory: string, clock: Clock, useFrom: number): string[] =>
  addToSigningKeyFile(file, directory, clock, useFrom)

/** Retires software keys: deletes their private halves, keeps the public ones. */
export const retireSm2Keys = (directory: string, clock: Clock, kids: ReadonlySet<string>): void =>
  retireInSigningKeyFile(file, directory, clock, kids)

/** The key set of `/jwks-gm` (RFC 7517, GM/T 0125.4). */
export const sm2KeySet = (keys: readonly Sm2SigningKey[]): { keys: object[] } => ({
  keys: keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.jwk, use: 'sig', kid, alg })),
})

/** The public halves of the software keys, also of retired ones; none where there is no file. */
export function softwareSm2Keys(directory: string, clock: Clock): { keys: object[] } {
  if (!existsSync(join(directory, sm2KeyFile))) return { keys: [] }
  const { keys, retired } = readSigningKeyFile(file, directory, clock)
  const all = [...keys, ...retired].map(({ kid, alg, jwk }) => ({ ...sm2PublicJwk.parse(jwk), use: 'sig', kid, alg }))
  return { keys: all }
}

/** Whether this server has software keys of SM2: in production only where the operator accepts them by name. */
export const hasSm2Software = ({ sm2Keys }: Pick<Settings, 'sm2Keys'>): boolean => sm2Keys === 'software'
