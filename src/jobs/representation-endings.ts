import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import { firstDue, keepTrying, type KeptTrying } from './runner.ts'
import { isForOther, type RepresenteeBook } from '../representation/representee-book.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** Ends what portals hold for a principal as soon as a mandate behind it has ended, whoever ended it and in whatever process. */
export type RepresentationEndings = KeptTrying

const everyMs = 500
const atOnce = 50
/** After so long another process takes over what one had begun. */
const claimMs = 30_000

export function createRepresentationEndings(options: {
  database: Database
  book: RepresenteeBook
  sessions: Sessions
  audit: AuditLog
  events: Events
  clock: Clock
  log: { warn(details: object, message: string): void }
}): RepresentationEndings {
  const { database, book, sessions, audit, events, clock, log } = options
  /** By compare-and-set on when it is due, so that of several processes one does it. */
  async function claimDue() {
    const now = clock()
    const due = await database
      .selectFrom('representation_endings')
      .selectAll()
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(atOnce)
      .execute()
    const claimed = await Promise.all(
      due.map(async (row) => {
        const { numUpdatedRows } = await database
          .updateTable('representation_endings')
          .set({ due_at: now + claimMs })
          .where('id', '=', row.id)
          .where('due_at', '=', row.due_at)
          .executeTakeFirst()
        return numUpdatedRows === 1n ? [row] : []
      }),
    )
    return claimed.flat()
  }

  async function endWhatIsOver(principalId: string): Promise<number> {
    let ended = 0
    for (const { grantId, bound } of await book.ofPrincipal(principalId)) {
      if (!isForOther(bound) || !(await book.endedForGood(bound))) continue
      const { personId, clientId, sessionUid: uid } = bound
      await sessions.leavePortal({ uid, personId, clientId, grantId })
      await book.release(grantId)
      const about = { actor: 'system', personId, clientId, details: { principal: principalId } }
      await audit.record({ event: 'representee.ended', ...about })
      ended += 1
    }
    return ended
  }

  async function tryAll(): Promise<number> {
    const rows = await claimDue()
    const counts = await Promise.all([...new Set(rows.map((row) => row.principal_id))].map(endWhatIsOver))
    const done = rows.map(({ id }) => id)
    if (done.length > 0) await database.deleteFrom('representation_endings').where('id', 'in', done).execute()
    return counts.reduce((sum, count) => sum + count, 0)
  }

  return keepTrying({
    run: tryAll,
    nextDue: () => firstDue(database, 'representation_endings'),
    events,
    topic: 'principal',
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'ended mandates could not be followed up'),
  })
}
