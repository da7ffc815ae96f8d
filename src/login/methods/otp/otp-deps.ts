import type { Settings } from '../../../config/settings.ts'
import type { MethodServices } from '../../method-services.ts'
import { otp } from './declaration.ts'

/** The services that codes of tokens take. */
export type OtpDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'database'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'authenticators'
  | 'devices'
  | 'notifier'
  | 'sessions'
  | 'endSignIns'
  | 'audit'
> & { limits: Settings['limits'] }

export const { name } = otp
