import type { Devices } from '../../../accounts/devices.ts'
import type { FaceConsents } from '../../../accounts/identity-proofing/face-consents.ts'
import type { IdentityProofs } from '../../../accounts/identity-proofing/identity-proofs.ts'
import type { MethodLocks } from '../../../accounts/method-locks.ts'
import type { NaturalPersons } from '../../../accounts/natural-persons.ts'
import type { Notifier } from '../../../accounts/notices.ts'
import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { Settings } from '../../../config/settings.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { FacePool } from '../../../proofing/face/pool.ts'
import type { VerifierByPurpose } from '../../../proofing/face/choose-verifier.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import type { RegisterMatches } from '../../../guards/register-matches.ts'
import { face } from './declaration.ts'

/** The services that face verification takes. */
export interface FaceDeps {
  settings: Settings
  clock: Clock
  artifacts: Artifacts
  cipher: FieldCipher
  blindIndex: BlindIndex
  persons: NaturalPersons
  devices: Pick<Devices, 'keyOf'>
  methodLocks: MethodLocks
  faceConsents: FaceConsents
  identityProofs: IdentityProofs
  matches: RegisterMatches
  faceVerifiers: VerifierByPurpose
  facePool: FacePool
  notifier: Notifier
  audit: AuditLog
}

/** RFC 8176. */
export const { name } = face
export const amr = ['face']
