import type { MethodServices } from '../../method-services.ts'
import { sms } from './declaration.ts'
import type { SmsStates } from './state.ts'

/** The services that sign-in by text takes. */
export type SmsDeps = Pick<
  MethodServices,
  'settings' | 'database' | 'persons' | 'phoneProofs' | 'phoneCodes' | 'methodLocks'
> & { states: SmsStates }

export const { name } = sms
