import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { keyFile, changeKeyFile } from './key-file.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'

const algorithms = ['ES256', 'RS256'] as const
export type SigningAlgorithm = (typeof algorithms)[number]

const fileName = 'signing.json'
const jwk = z.record(z.string(), z.unknown())
const usable = z.object({
  kid: z.string(),
  alg: z.enum(algorithms),
  created_at: z.iso.datetime(),
  /** First use after publication; a key without it was used immediately. */
  use_from: z.iso.datetime().optional(),
  jwk,
})
const retired = z.object({ kid: z.string(), alg: z.enum(algorithms), retired_at: z.iso.datetime(), jwk })
const schema = z.object({ keys: z.array(usable).min(1), retired: z.array(retired).default([]) })

export interface SigningKey {
  kid: string
  alg: SigningAlgorithm
  /** ISO 8601, UTC. */
  createdAt: string
  /** Milliseconds since 1970 UTC. */
  useFrom: number
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

function generate(alg: SigningAlgorithm) {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 3072 }) // 128 bits of security (NIST SP 800-57)
  return privateKey.export({ format: 'jwk' })
}

const fresh = (alg: SigningAlgorithm, now: number) => ({
  kid: `${alg.toLowerCase()}-${randomBytes(6).toString('hex')}`,
  alg,
  created_at: new Date(now).toISOString(),
  jwk: generate(alg),
})

function read(directory: string, clock: Clock) {
  return keyFile(directory, fileName, schema, () => ({ keys: algorithms.map((alg) => fresh(alg, clock())) }))
}

/** The keys that sign tokens (RFC 7518 ES256 and RS256); the first start makes them in `signing.json`. */
export function openSigningKeys(directory: string, clock: Clock): SigningKey[] {
  return read(directory, clock).keys.map(({ kid, alg, created_at, use_from, jwk: key }) => ({
    kid,
    alg,
    createdAt: created_at,
    useFrom: Date.parse(use_from ?? created_at),
    privateKey: createPrivateKey({ key, format: 'jwk' }),
  }))
}

export function openRetiredKeys(directory: string, clock: Clock): RetiredKey[] {
  return read(directory, clock).retired.map(({ kid, alg, retired_at, jwk: key }) => ({
    kid,
    alg,
    retiredAt: retired_at,
    publicKey: createPublicKey({ key, format: 'jwk' }),
  }))
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
export function signerOf(keys: readonly SigningKey[], alg: SigningAlgorithm, now: number): SigningKey {
  // Of two keys with the same first use, the later one signs.
  const ofAlgorithm = keys
    .filter((key) => key.alg === alg)
    .toReversed()
    .sort((a, b) => b.useFrom - a.useFrom)
  const signer = ofAlgorithm.find(({ useFrom }) => useFrom <= now) ?? ofAlgorithm.at(-1)
  if (!signer) throw new Error(`There is no signing key for ${alg}.`)
  return signer
}

export function signingKeyState(keys: readonly SigningKey[], key: SigningKey, now: number): KeyState {
  if (signerOf(keys, key.alg, now).kid === key.kid) return 'signs'
  return key.useFrom > now ? 'waits' : 'verifies'
}

/** Orders keys for oidc-provider, which signs with the first key of an algorithm. */
export function signersFirst(keys: readonly SigningKey[], now: number): SigningKey[] {
  const rank = { signs: 0, waits: 1, verifies: 2 }
  return keys.toSorted((a, b) => rank[signingKeyState(keys, a, now)] - rank[signingKeyState(keys, b, now)])
}

/** When the last token of an old key expires, in milliseconds since 1970 UTC; infinity for a key still in use. */
export function retirableFrom(keys: readonly SigningKey[], key: SigningKey, now: number, tokenMs: number): number {
  if (signingKeyState(keys, key, now) !== 'verifies') return Infinity
  const after = keys.filter(
    ({ kid, alg, useFrom }) => kid !== key.kid && alg === key.alg && useFrom >= key.useFrom && useFrom <= now,
  )
  return Math.min(...after.map(({ useFrom }) => useFrom)) + tokenMs
}

/** Adds a key for each algorithm: published immediately, used from `useFrom`. @returns their ids */
export function addSigningKeys(directory: string, clock: Clock, useFrom: number): string[] {
  const made = algorithms.map((alg) => ({ ...fresh(alg, clock()), use_from: new Date(useFrom).toISOString() }))
  changeKeyFile(directory, fileName, (text) => {
    const before = schema.parse(text)
    return { ...before, keys: [...before.keys, ...made] }
  })
  return made.map(({ kid }) => kid)
}

/** Retires keys: deletes their private halves, keeps the public ones. */
export function retireSigningKeys(directory: string, clock: Clock, kids: ReadonlySet<string>): void {
  const retired_at = new Date(clock()).toISOString()
  changeKeyFile(directory, fileName, (text) => {
    const before = schema.parse(text)
    const newlyRetired = before.keys
      .filter(({ kid }) => kids.has(kid))
      .map(({ kid, alg, jwk: key }) => ({ kid, alg, retired_at, jwk: publicHalf(key) }))
    return {
      keys: before.keys.filter(({ kid }) => !kids.has(kid)),
      retired: [...before.retired, ...newlyRetired],
    }
  })
}

const publicHalf = (key: Record<string, unknown>) => createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' })
