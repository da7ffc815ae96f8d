import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  addToSigningKeyFile,
  readSigningKeyFile,
  retireInSigningKeyFile,
  type SigningKeyFile,
} from './signing-key-file.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'

const algorithms = ['ES256', 'RS256'] as const
export type SigningAlgorithm = (typeof algorithms)[number]

/** Lengths of a new RSA key: 112 and 128 bits of security (NIST SP 800-57). Decision 0259 has the reasons for the default. */
export const rsaLengths = [2048, 3072] as const
export type RsaBits = (typeof rsaLengths)[number]
const usualRsaBits: RsaBits = 2048

/** A key of any algorithm, with the times that decide which one signs. */
export interface KeyTimes {
  kid: string
  alg: string
  /** ISO 8601, UTC. */
  createdAt: string
  /** Milliseconds since 1970 UTC. */
  useFrom: number
}

export interface SigningKey extends KeyTimes {
  alg: SigningAlgorithm
  privateKey: KeyObject
}

/** A key without its private half, no longer published. It still verifies old audit checkpoints. */
export interface RetiredKey {
  kid: string
  alg: SigningAlgorithm
  retiredAt: string
  publicKey: KeyObject
}

/** `waits`: published, not used yet. `signs`: in use for its algorithm. `verifies`: used earlier. */
export type KeyState = 'waits' | 'signs' | 'verifies'

/** Time from publishing a key to its first signature, in milliseconds: portals cache key sets for at most a day. */
export const overlapMs = dayMs

const fileWith = (rsaBits: RsaBits): SigningKeyFile<SigningAlgorithm> => ({
  name: 'signing.json',
  algorithms,
  generate(alg) {
    const { privateKey } =
      alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: rsaBits })
    return { ...privateKey.export({ format: 'jwk' }) }
  },
  publicHalf: (key) => ({ ...createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' }) }),
})
const file = fileWith(usualRsaBits)

/**
 * The keys that sign tokens (RFC 7518 ES256 and RS256); the first start makes them in `signing.json`.
 * @param rsaBits length of an RSA key that is made now
 */
export function openSigningKeys(directory: string, clock: Clock, rsaBits: RsaBits = usualRsaBits): SigningKey[] {
  const { keys } = readSigningKeyFile(fileWith(rsaBits), directory, clock)
  return keys.map(({ jwk: key, ...times }) => ({ ...times, privateKey: createPrivateKey({ key, format: 'jwk' }) }))
}

export function openRetiredKeys(directory: string, clock: Clock): RetiredKey[] {
  const { retired } = readSigningKeyFile(file, directory, clock)
  return retired.map(({ jwk: key, ...one }) => ({ ...one, publicKey: createPublicKey({ key, format: 'jwk' }) }))
}

/** The public halves of all present and retired keys, as a JSON Web Key Set (RFC 7517). */
export function publicKeySet(directory: string, clock: Clock): { keys: object[] } {
  const now = openSigningKeys(directory, clock).map(({ kid, alg, privateKey }) => ({
    kid,
    alg,
    publicKey: createPublicKey(privateKey),
  }))
  const keys = [...now, ...openRetiredKeys(directory, clock)]
  return { keys: keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg })) }
}

/** The key of an algorithm that signs now: the latest one whose first use has come. */
export function signerOf<K extends KeyTimes>(keys: readonly K[], alg: K['alg'], now: number): K {
  // Of two keys with the same first use, the later one signs.
  const ofAlgorithm = keys
    .filter((key) => key.alg === alg)
    .toReversed()
    .sort((a, b) => b.useFrom - a.useFrom)
  const signer = ofAlgorithm.find(({ useFrom }) => useFrom <= now) ?? ofAlgorithm.at(-1)
  if (!signer) throw new Error(`There is no signing key for ${alg}.`)
  return signer
}

export function signingKeyState(keys: readonly KeyTimes[], key: KeyTimes, now: number): KeyState {
  if (signerOf(keys, key.alg, now).kid === key.kid) return 'signs'
  return key.useFrom > now ? 'waits' : 'verifies'
}

/** Orders keys for oidc-provider, which signs with the first key of an algorithm. */
export function signersFirst<K extends KeyTimes>(keys: readonly K[], now: number): K[] {
  const rank = { signs: 0, waits: 1, verifies: 2 }
  return keys.toSorted((a, b) => rank[signingKeyState(keys, a, now)] - rank[signingKeyState(keys, b, now)])
}

/** When the last token of an old key expires, in milliseconds since 1970 UTC; infinity for a key still in use. */
export function retirableFrom(keys: readonly KeyTimes[], key: KeyTimes, now: number, tokenMs: number): number {
  if (signingKeyState(keys, key, now) !== 'verifies') return Infinity
  const after = keys.filter(
    ({ kid, alg, useFrom }) => kid !== key.kid && alg === key.alg && useFrom >= key.useFrom && useFrom <= now,
  )
  return Math.min(...after.map(({ useFrom }) => useFrom)) + tokenMs
}

/** Adds a key for each algorithm: published immediately, used from `useFrom`. @returns their ids */
export const addSigningKeys = (
  directory: string,
  clock: Clock,
  useFrom: number,
  rsaBits: RsaBits = usualRsaBits,
): string[] => addToSigningKeyFile(fileWith(rsaBits), directory, clock, useFrom)

/** Retires keys: deletes their private halves, keeps the public ones. */
export const retireSigningKeys = (directory: string, clock: Clock, kids: ReadonlySet<string>): void =>
  retireInSigningKeyFile(file, directory, clock, kids)
