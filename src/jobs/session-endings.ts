import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import { claimDue, firstDue } from './claim-due.ts'
import type { Job } from './runner.ts'

export interface SessionEndingDeps {
  database: Database
  sessions: Pick<Sessions, 'removeEnded'>
  audit: AuditLog
  clock: Clock
}

const leaseMs = 30_000
/**
 * Milliseconds after the ending of the later checks: a request that was under way may have written a session in between.
 * The last check is later than the longest time a process may take to see the ending (src/storage/cached.ts).
 */
const laterChecksMs = [1200, 3000]

/** Removes the sessions, grants, codes and tokens that `endSignIns` ended, and tells the portals. */
export const sessionEndings = (deps: SessionEndingDeps): Job => ({
  name: 'session endings',
  topic: 'person',
  everyMs: 500,
  run: () => removeDueSessions(deps),
  nextDue: () => firstDue(deps.database, 'session_endings'),
})

async function removeDueSessions(deps: SessionEndingDeps): Promise<void> {
  const now = deps.clock()
  const until = now + leaseMs
  const rows = await claimDue(deps.database, 'session_endings', { now, until })
  await Promise.all(rows.map((row) => removeSessions(deps, row, { now, until })))
}

async function removeSessions(
  { database, sessions, audit }: SessionEndingDeps,
  { person_id: personId, ended_at: endedAt }: Selectable<Tables['session_endings']>,
  { now, until }: { now: number; until: number },
): Promise<void> {
  const removed = await sessions.removeEnded(personId)
  if (removed > 0) await audit.record({ event: 'person.sessions-ended', actor: 'system', personId })
  const next = laterChecksMs.map((later) => (endedAt ?? 0) + later).find((at) => at > now)
  // a row that was changed since the claim is a new ending and stays
  if (next === undefined)
    await database.deleteFrom('session_endings').where('person_id', '=', personId).where('due_at', '=', until).execute()
  else
    await database
      .updateTable('session_endings')
      .set({ due_at: next })
      .where('person_id', '=', personId)
      .where('due_at', '=', until)
      .execute()
}
