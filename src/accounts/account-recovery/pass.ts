import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Authenticators } from '../authenticators.ts'
import type { MethodLocks } from '../method-locks.ts'
import type { Notifier } from '../notices.ts'
import type { EndSignIns } from '../sign-in-endings.ts'

export interface RecoveryDeps {
  database: Database
  authenticators: Authenticators
  methodLocks: MethodLocks
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  blindIndex: BlindIndex
  publish: Publish
  clock: Clock
  /** `hold` and `link` in seconds. A recovery holds passkeys younger than `passkeyDays`. */
  times: { hold: number; link: number; passkeyDays: number }
}

/** A right to set a new authenticator; a recovery spends it. */
export interface Pass {
  personId: string
  by: 'code' | 'link'
  /** Keyed hash of the code, or id of the link. */
  key: string
}
