import type { MethodServices } from '../../method-services.ts'
import { qr } from './declaration.ts'

/** The services that sign-in by QR code takes. Frames are signed under keys derived from the cookie keys. */
export type QrDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'artifacts'
  | 'events'
  | 'cookieKeys'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'authenticators'
  | 'methodLocks'
  | 'devices'
  | 'notifier'
  | 'sessions'
  | 'audit'
  | 'findClient'
  | 'accessTokens'
  | 'channels'
  | 'signatures'
>

export const { name } = qr

/** RFC 8176 has no value for it (DESIGN 1.4). */
export const amr = ['qr']
