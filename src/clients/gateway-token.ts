import { createHmac, type KeyObject } from 'node:crypto'
import { deriveKey } from '../keys/derived-key.ts'
import type { Client } from './client.ts'

/**
 * The secret by which an old portal signs the call of a mini program's pages. It is made of a key of this server and of
 * the hash of the portal's secret: no store has it, and a new secret makes a new one.
 */
export function gatewayTokenOf(pairwise: KeyObject, { id, secretHash }: Pick<Client, 'id' | 'secretHash'>): string {
  const key = deriveKey(pairwise.export(), 'gateway token')
  return createHmac('sha256', key)
    .update(`${id}\0${secretHash ?? ''}`)
    .digest('base64url')
}
