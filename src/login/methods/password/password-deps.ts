import type { Settings } from '../../../config/settings.ts'
import type { MethodServices } from '../../method-services.ts'
import type { ChangePassword } from './change-password.ts'
import { password } from './declaration.ts'

/** The services that sign-in by password takes. */
export type PasswordDeps = Pick<
  MethodServices,
  | 'persons'
  | 'devices'
  | 'audit'
  | 'authenticators'
  | 'passwords'
  | 'breached'
  | 'sessions'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'clock'
> & { changePassword: ChangePassword; limits: Settings['limits'] }

export const { name } = password
