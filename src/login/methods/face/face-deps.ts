import type { Devices } from '../../../accounts/devices.ts'
import type { MethodServices } from '../../method-services.ts'
import { face } from './declaration.ts'

/** The services that face verification takes. */
export type FaceDeps = Pick<
  MethodServices,
  | 'settings'
  | 'clock'
  | 'artifacts'
  | 'cipher'
  | 'blindIndex'
  | 'persons'
  | 'methodLocks'
  | 'faceConsents'
  | 'identityProofs'
  | 'matches'
  | 'faceVerifiers'
  | 'facePool'
  | 'channels'
  | 'notifier'
  | 'audit'
> & { devices: Pick<Devices, 'keyOf'> }

/** RFC 8176. */
export const { name } = face
export const amr = ['face']
