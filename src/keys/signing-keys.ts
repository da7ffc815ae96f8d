import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { keyFile } from './key-file.ts'
import type { Clock } from '../config/clock.ts'

export type SigningAlgorithm = 'ES256' | 'RS256'

const schema = z.object({
  keys: z
    .array(
      z.object({
        kid: z.string(),
        alg: z.enum(['ES256', 'RS256']),
        created_at: z.iso.datetime(),
        jwk: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1),
})

export interface SigningKey {
  kid: string
  alg: SigningAlgorithm
  /** ISO 8601, UTC. */
  createdAt: string
  privateKey: KeyObject
}

function generate(alg: SigningAlgorithm) {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ format: 'jwk' })
}

/** The keys tokens are signed with (RFC 7518 ES256 and RS256); made at first start in `signing.json`. */
export function openSigningKeys(directory: string, clock: Clock): SigningKey[] {
  const make = () => ({
    keys: (['ES256', 'RS256'] as const).map((alg) => ({
      kid: `${alg.toLowerCase()}-${randomBytes(6).toString('hex')}`,
      alg,
      created_at: new Date(clock()).toISOString(),
      jwk: generate(alg),
    })),
  })
  return schema.parse(keyFile(directory, 'signing.json', make)).keys.map(({ kid, alg, created_at, jwk }) => ({
    kid,
    alg,
    createdAt: created_at,
    privateKey: createPrivateKey({ key: jwk, format: 'jwk' }),
  }))
}
