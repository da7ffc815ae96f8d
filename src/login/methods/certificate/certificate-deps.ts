import type { MethodServices } from '../../method-services.ts'
import { certificate } from './declaration.ts'

/** The services that sign-in by a certificate takes. */
export type CertificateDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'database'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'representations'
  | 'authenticators'
  | 'methodLocks'
  | 'notifier'
  | 'sessions'
  | 'endSignIns'
  | 'audit'
  | 'upstreamLinks'
  | 'signatureServer'
>

export const { name } = certificate

/** The CA of a session, beside its method. */
export const originOf = (ca: string) => `${name}:${ca}`
