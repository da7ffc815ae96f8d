import type { Administrators } from '../../../accounts/administrators.ts'
import type { MethodServices } from '../../method-services.ts'
import type { AttestationRoots } from './attestation.ts'
import { passkey } from './declaration.ts'

/** The services that sign-in by passkey takes. */
export type PasskeyDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'database'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'authenticators'
  | 'methodLocks'
  | 'devices'
  | 'notifier'
  | 'sessions'
  | 'endSignIns'
  | 'audit'
>

/** Also needed to make a passkey. */
export interface MakingDeps extends PasskeyDeps {
  administrators: Pick<Administrators, 'find'>
  roots: AttestationRoots
}

export const { name } = passkey
