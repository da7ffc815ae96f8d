import type { Devices } from '../../../accounts/devices.ts'
import type { Authenticators } from '../../../accounts/authenticators.ts'
import type { NaturalPersons } from '../../../accounts/natural-persons.ts'
import type { BreachedPasswords } from '../../../accounts/passwords/breached.ts'
import type { ChangePassword } from './change-password.ts'
import type { Passwords } from '../../../accounts/passwords/hash.ts'
import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { Settings } from '../../../config/settings.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { Sessions } from '../../../sessions/sessions.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { password } from './declaration.ts'

/** The services that sign-in by password takes. */
export interface PasswordDeps {
  persons: NaturalPersons
  devices: Devices
  audit: AuditLog
  authenticators: Authenticators
  passwords: Passwords
  breached: BreachedPasswords
  changePassword: ChangePassword
  sessions: Sessions
  artifacts: Artifacts
  blindIndex: BlindIndex
  limits: Settings['limits']
  clock: Clock
}

export const { name } = password
