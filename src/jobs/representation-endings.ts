import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import { hasEndedForGood, isForOther, listBoundTo, unbindGrant } from '../representation/grant-bindings.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Database } from '../storage/database.ts'
import { claimDue, firstDue } from './claim-due.ts'
import type { Job } from './runner.ts'

export interface RepresentationEndingDeps {
  database: Database
  artifacts: Artifacts
  representations: Representations
  sessions: Sessions
  audit: AuditLog
  clock: Clock
}

const leaseMs = 30_000

/** Ends the tokens and sessions that portals hold for a principal once the mandate behind them has ended. */
export const representationEndings = (deps: RepresentationEndingDeps): Job => ({
  name: 'representation endings',
  topic: 'principal',
  everyMs: 500,
  run: () => endDueRepresentations(deps),
  nextDue: () => firstDue(deps.database, 'representation_endings'),
})

async function endDueRepresentations(deps: RepresentationEndingDeps): Promise<void> {
  const { database, clock } = deps
  const now = clock()
  const rows = await claimDue(database, 'representation_endings', { now, until: now + leaseMs })
  await Promise.all([...new Set(rows.map((row) => row.principal_id))].map((id) => endForPrincipal(deps, id)))
  const done = rows.map(({ id }) => id)
  if (done.length > 0) await database.deleteFrom('representation_endings').where('id', 'in', done).execute()
}

async function endForPrincipal(deps: RepresentationEndingDeps, principalId: string): Promise<void> {
  const { artifacts, representations, sessions, audit, clock } = deps
  for (const { grantId, bound } of await listBoundTo(artifacts, principalId)) {
    if (!isForOther(bound)) continue
    const now = await representations.find(bound.personId, bound.principalId)
    if (!hasEndedForGood(bound, now, clock())) continue
    const { personId, clientId, sessionUid: uid } = bound
    await sessions.leavePortal({ uid, personId, clientId, grantId })
    await unbindGrant(artifacts, grantId)
    const details = { principal: principalId }
    await audit.record({ event: 'representee.ended', actor: 'system', personId, clientId, details })
  }
}
