import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ClientMetadata } from './metadata.ts'

/** 256 random bits: a fast hash protects them as well as a slow one. */
export const makeSecret = (): string => randomBytes(32).toString('base64url')

export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** Whether a secret has this hash, in constant time. */
export function secretMatches(known: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(known), Buffer.from(hashSecret(secret)))
}

export const needsSecret = (client: Pick<ClientMetadata, 'auth_method'>): boolean =>
  client.auth_method.startsWith('client_secret')
