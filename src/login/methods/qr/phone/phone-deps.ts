import type { AuditEvent } from '../../../../audit/audit-events.ts'
import type { RegionOf } from '../../../../config/networks.ts'
import type { RequestContext } from '../../../../pages/request-context.ts'
import type { Approvals } from '../approval.ts'
import type { Frames } from '../code-frames.ts'
import type { QrLimits } from '../qr-limits.ts'
import type { QrDeps } from '../qr-deps.ts'
import type { QrTransaction } from '../states.ts'
import type { QrTransactions } from '../transactions.ts'

/** A phone that scans: a browser or an app. */
export interface Scanner {
  /** Hash that identifies it. */
  key: string
  address: string
  /** Networks of the address, for limits. */
  networks: RequestContext['networks']
  /** For the audit log. */
  by: Pick<AuditEvent, 'actor' | 'restricted'>
}

/** A scanner with a person signed in. */
export interface Phone extends Scanner {
  personId: string
  level: QrTransaction['level']
  amr: readonly string[]
  sessionUid: string
  /** Seconds since 1970 UTC. */
  signedInAt: number
  /** An app: it has no page to sign an approval on. */
  inApp: boolean
  deviceKey: string | undefined
}

export interface PhoneDeps extends QrDeps {
  frames: Frames
  transactions: QrTransactions
  limits: QrLimits
  approvals: Approvals
  regionOf: RegionOf
}
