import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import { firstDue, keepTrying, type KeptTrying } from './keep-trying.ts'
import type { Sessions } from './sessions.ts'

const everyMs = 500
const atOnce = 50
/** After so long another process takes over what one had begun. */
const claimMs = 30_000

/** Ends every session of a person who was locked, by the command line as well, and tells their portals. */
export function createSessionEndings(options: {
  database: Database
  sessions: Sessions
  audit: AuditTrail
  events: Events
  clock: Clock
  log: { warn(details: object, message: string): void }
}): KeptTrying {
  const { database, sessions, audit, events, clock, log } = options

  /** By compare-and-set on when it is due, so that of several processes one does it. */
  async function claim(personId: string, dueAt: number): Promise<number | undefined> {
    const until = clock() + claimMs
    const { numUpdatedRows } = await database
      .updateTable('session_endings')
      .set({ due_at: until })
      .where('person_id', '=', personId)
      .where('due_at', '=', dueAt)
      .executeTakeFirst()
    return numUpdatedRows === 1n ? until : undefined
  }

  async function endOf(personId: string, dueAt: number): Promise<number> {
    const claimed = await claim(personId, dueAt)
    if (claimed === undefined) return 0
    await sessions.endAll(personId)
    await audit.record({ event: 'person.sessions-ended', actor: 'system', personId })
    await database
      .deleteFrom('session_endings')
      .where('person_id', '=', personId)
      .where('due_at', '=', claimed)
      .execute()
    return 1
  }

  async function endDue(): Promise<number> {
    const due = await database
      .selectFrom('session_endings')
      .selectAll()
      .where('due_at', '<=', clock())
      .orderBy('due_at')
      .limit(atOnce)
      .execute()
    const ended = await Promise.all(due.map(({ person_id, due_at }) => endOf(person_id, due_at)))
    return ended.reduce((sum, one) => sum + one, 0)
  }

  return keepTrying({
    run: endDue,
    nextDue: () => firstDue(database, 'session_endings'),
    events,
    topic: 'person',
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'sessions of locked people could not be ended'),
  })
}
