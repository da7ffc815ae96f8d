import type { Administrators } from '../../../accounts/administrators.ts'
import type { Authenticators } from '../../../accounts/authenticators.ts'
import type { Devices } from '../../../accounts/devices.ts'
import type { MethodLocks } from '../../../accounts/method-locks.ts'
import type { NaturalPersons } from '../../../accounts/natural-persons.ts'
import type { Notifier } from '../../../accounts/notices.ts'
import type { EndSignIns } from '../../../accounts/sign-in-endings.ts'
import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { Settings } from '../../../config/settings.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import type { Sessions } from '../../../sessions/sessions.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import type { Database } from '../../../storage/database.ts'
import type { AttestationRoots } from './attestation.ts'
import { passkey } from './declaration.ts'

/** The services that sign-in by passkey takes. */
export interface PasskeyDeps {
  settings: Settings
  clock: Clock
  database: Database
  artifacts: Artifacts
  cipher: FieldCipher
  blindIndex: BlindIndex
  persons: NaturalPersons
  authenticators: Authenticators
  methodLocks: MethodLocks
  devices: Devices
  notifier: Notifier
  sessions: Sessions
  endSignIns: EndSignIns
  audit: AuditLog
}

/** Also needed to make a passkey. */
export interface MakingDeps extends PasskeyDeps {
  administrators: Pick<Administrators, 'find'>
  roots: AttestationRoots
}

export const { name } = passkey
