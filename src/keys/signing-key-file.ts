import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { changeKeyFile, keyFile } from './key-file.ts'

type Jwk = Record<string, unknown>

/** A file of signing keys: its algorithms, and how a key of each is made. */
export interface SigningKeyFile<A extends string> {
  name: string
  algorithms: readonly [A, ...A[]]
  generate(alg: A): Jwk
  publicHalf(key: Jwk): Jwk
}

const schemaOf = <A extends string>(algorithms: readonly [A, ...A[]]) => {
  const alg = z.enum(algorithms)
  const jwk = z.record(z.string(), z.unknown())
  const usable = z.object({
    kid: z.string(),
    alg,
    created_at: z.iso.datetime(),
    /** First use after publication; a key without it was used immediately. */
    use_from: z.iso.datetime().optional(),
    jwk,
  })
  const retired = z.object({ kid: z.string(), alg, retired_at: z.iso.datetime(), jwk })
  return z.object({ keys: z.array(usable).min(1), retired: z.array(retired).default([]) })
}

const fresh = <A extends string>(file: SigningKeyFile<A>, alg: A, now: number) => ({
  kid: `${alg.toLowerCase().replaceAll('_', '-')}-${randomBytes(6).toString('hex')}`,
  alg,
  created_at: new Date(now).toISOString(),
  jwk: file.generate(alg),
})

/** Reads a file of signing keys; the first start makes it. @throws UnusableFile for a damaged one */
export function readSigningKeyFile<A extends string>(file: SigningKeyFile<A>, directory: string, clock: Clock) {
  const make = () => ({ keys: file.algorithms.map((alg) => fresh(file, alg, clock())) })
  const { keys, retired } = keyFile(directory, file.name, schemaOf(file.algorithms), make)
  return {
    keys: keys.map(({ kid, alg, created_at: createdAt, use_from, jwk }) => {
      return { kid, alg, createdAt, useFrom: Date.parse(use_from ?? createdAt), jwk }
    }),
    retired: retired.map(({ kid, alg, retired_at: retiredAt, jwk }) => ({ kid, alg, retiredAt, jwk })),
  }
}

/** Adds a key for each algorithm: published immediately, used from `useFrom`. @returns their ids */
export function addToSigningKeyFile<A extends string>(
  file: SigningKeyFile<A>,
  directory: string,
  clock: Clock,
  useFrom: number,
): string[] {
  const use_from = new Date(useFrom).toISOString()
  const made = file.algorithms.map((alg) => ({ ...fresh(file, alg, clock()), use_from }))
  changeKeyFile(directory, file.name, (text) => {
    const before = schemaOf(file.algorithms).parse(text)
    return { ...before, keys: [...before.keys, ...made] }
  })
  return made.map(({ kid }) => kid)
}

/** Retires keys: deletes their private halves, keeps the public ones. */
export function retireInSigningKeyFile<A extends string>(
  file: SigningKeyFile<A>,
  directory: string,
  clock: Clock,
  kids: ReadonlySet<string>,
): void {
  const retired_at = new Date(clock()).toISOString()
  changeKeyFile(directory, file.name, (text) => {
    const before = schemaOf(file.algorithms).parse(text)
    const newlyRetired = before.keys
      .filter(({ kid }) => kids.has(kid))
      .map(({ kid, alg, jwk }) => ({ kid, alg, retired_at, jwk: file.publicHalf(jwk) }))
    return {
      keys: before.keys.filter(({ kid }) => !kids.has(kid)),
      retired: [...before.retired, ...newlyRetired],
    }
  })
}
