import { createHmac, type KeyObject } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { deriveKey } from '../../keys/derived-key.ts'

/** From a refresh token to its replacement. */
export type SuccessorOf = (token: string) => string

/**
 * Each refresh token has exactly one successor, so a copied token starts no second family (RFC 9700 section 4.14.2).
 * Only this server can compute it.
 * @param secret must not rotate: a repeated request after the rotation would get another token
 */
export function createSuccessorOf(secret: KeyObject): SuccessorOf {
  const key = deriveKey(secret.export(), 'refresh-rotation')
  return (token) => createHmac('sha256', key).update(token).digest('base64url')
}

/** Gives each rotated refresh token its derived successor. The first token of a family stays random. */
export function deriveRotatedTokens(provider: Provider, successorOf: SuccessorOf): void {
  const prototype = provider.RefreshToken.prototype as unknown as { generateTokenId(): string }
  const random = prototype.generateTokenId
  prototype.generateTokenId = function generateTokenId() {
    const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken
    return rotated ? successorOf(rotated.jti) : random.call(this)
  }
}
