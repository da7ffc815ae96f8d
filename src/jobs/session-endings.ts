import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { firstDue, keepTrying, type KeptTrying } from './runner.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'

const everyMs = 500
const atOnce = 50
/** After so long another process takes over what one had begun. */
const claimMs = 30_000
/**
 * After so long it is looked at once more: what a request wrote that was under way is found then. The last time is later than a
 * process may take to hear of the ending (src/storage/cached.ts).
 */
const againMs = [1200, 3000]

/** Follows up what `endSignIns` ended, by the command line as well: removes sessions, grants, codes and tokens, tells portals. */
export function createEndingsJob(options: {
  database: Database
  sessions: Pick<Sessions, 'removeEnded'>
  audit: AuditLog
  events: Events
  clock: Clock
  log: { warn(details: object, message: string): void }
}): KeptTrying {
  const { database, sessions, audit, events, clock, log } = options

  /** By compare-and-set on when it is due, so that of several processes one does it. False when another was faster. */
  async function setDue(personId: string, from: number, to: number): Promise<boolean> {
    const { numUpdatedRows } = await database
      .updateTable('session_endings')
      .set({ due_at: to })
      .where('person_id', '=', personId)
      .where('due_at', '=', from)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async function follow(row: Selectable<Tables['session_endings']>): Promise<number> {
    const { person_id: personId, due_at: dueAt, ended_at: endedAt } = row
    const now = clock()
    const claimed = now + claimMs
    if (!(await setDue(personId, dueAt, claimed))) return 0
    const removed = await sessions.removeEnded(personId)
    if (removed > 0) await audit.record({ event: 'person.sessions-ended', actor: 'system', personId })
    const again = againMs.map((later) => (endedAt ?? 0) + later).find((at) => at > now)
    if (again === undefined) await forget(personId, claimed)
    else await setDue(personId, claimed, again)
    return 1
  }

  const forget = (personId: string, dueAt: number) =>
    database.deleteFrom('session_endings').where('person_id', '=', personId).where('due_at', '=', dueAt).execute()

  async function followDue(): Promise<number> {
    const due = await database
      .selectFrom('session_endings')
      .selectAll()
      .where('due_at', '<=', clock())
      .orderBy('due_at')
      .limit(atOnce)
      .execute()
    const followed = await Promise.all(due.map(follow))
    return followed.reduce((sum, one) => sum + one, 0)
  }

  return keepTrying({
    run: followDue,
    nextDue: () => firstDue(database, 'session_endings'),
    events,
    topic: 'person',
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'ended sign-ins could not be removed'),
  })
}
