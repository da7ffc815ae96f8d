import type { Authenticators } from '../../../accounts/authenticators.ts'
import type { Devices } from '../../../accounts/devices.ts'
import type { MethodLocks } from '../../../accounts/method-locks.ts'
import type { NaturalPersons } from '../../../accounts/natural-persons.ts'
import type { Notifier } from '../../../accounts/notices.ts'
import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Client } from '../../../clients/clients.ts'
import type { Clock } from '../../../config/clock.ts'
import type { Settings } from '../../../config/settings.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { CookieKeys } from '../../../keys/cookie-keys.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import type { AccessTokens } from '../../../oidc/access-tokens.ts'
import type { Sessions } from '../../../sessions/sessions.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import type { Events } from '../../../storage/events.ts'
import type { Signatures } from '../../text-signatures.ts'
import { qr } from './declaration.ts'

/** The services that sign-in by QR code takes. */
export interface QrDeps {
  settings: Settings
  clock: Clock
  artifacts: Artifacts
  events: Events
  /** Frames are signed under keys derived from these. */
  cookieKeys: CookieKeys
  cipher: FieldCipher
  blindIndex: BlindIndex
  persons: NaturalPersons
  authenticators: Authenticators
  methodLocks: MethodLocks
  devices: Devices
  notifier: Notifier
  sessions: Sessions
  audit: AuditLog
  findClient(id: string): Promise<Client | undefined>
  accessTokens: AccessTokens
  signatures: Signatures
}

export const { name } = qr

/** RFC 8176 has no value for it (DESIGN 1.4). */
export const amr = ['qr']
