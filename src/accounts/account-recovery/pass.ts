import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Authenticators } from '../authenticators.ts'
import type { MethodLocks } from '../method-locks.ts'
import type { NaturalPersons } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import type { PhoneProofs } from '../phone-proofs.ts'
import type { EndSignIns } from '../sign-in-endings.ts'

export interface RecoveryDeps {
  database: Database
  authenticators: Authenticators
  methodLocks: MethodLocks
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  blindIndex: BlindIndex
  phoneProofs: Pick<PhoneProofs, 'find'>
  isOnRecord: NaturalPersons['isOnRecord']
  publish: Publish
  clock: Clock
  /** `hold` and `link` in seconds. A recovery holds passkeys younger than `passkeyDays`. */
  times: { hold: number; link: number; passkeyDays: number }
}

/** What gives a pass: a recovery code, a text to a proven phone, an administrator's link, a verified face. */
export const passKinds = ['code', 'phone', 'link', 'face'] as const

/** A right to set a new authenticator; a recovery spends it. */
export interface Pass {
  personId: string
  by: (typeof passKinds)[number]
  /** Keyed hash of the code, id of the link, or the epoch of the sign-ins (accounts/sign-in-endings.ts) before the proof. */
  key: string
}

/** How an account was recovered; `counter` is the link of a clerk who checked the document. */
export type RecoveredBy = Pass['by'] | 'counter'

/** A face or a clerk has seen the person: nothing is held afterwards, and no link stops it. */
export const seesPerson = (by: RecoveredBy): boolean => by === 'face' || by === 'counter'
