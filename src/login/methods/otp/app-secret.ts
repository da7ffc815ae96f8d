import { randomBytes } from 'node:crypto'
import type { Suite as StoreSuite } from '../../../config/suite.ts'
import { suites, type TokenSpec } from './suites.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 without padding (RFC 4648 section 6), as apps read secrets. */
export function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

/** Tokens of apps. Every app knows SHA-1; an assessment by GB/T 39786 refuses it, so it is SHA-256 with YIDENG_SUITE=guomi. */
export const appToken = (suite: StoreSuite): TokenSpec & { suite: 'rfc6238-sha1' | 'rfc6238-sha256' } => ({
  suite: suite === 'guomi' ? 'rfc6238-sha256' : 'rfc6238-sha1',
  digits: 6,
  period: 30,
})

export const freshSecret = ({ suite }: Pick<TokenSpec, 'suite'>): Buffer => randomBytes(suites[suite].bytes)

/**
 * The address that an app reads from a QR code. `account` is masked: a picture of the screen names no person. Digits, period and SHA-1
 * are what apps assume: a shorter address makes a coarser code.
 */
export function appAddress(
  { suite }: ReturnType<typeof appToken>,
  { secret, service, account }: { secret: Buffer; service: string; account: string },
): string {
  const { app } = suites[suite]
  const given = { secret: base32(secret), issuer: service, ...(app === 'SHA1' ? {} : { algorithm: app }) }
  // apps do not read + as a space
  const query = Object.entries(given).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  return `otpauth://totp/${encodeURIComponent(account.replaceAll(':', ' '))}?${query.join('&')}`
}
