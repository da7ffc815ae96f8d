import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Deliver, LogoutNotice } from '../sessions/sessions.ts'
import type { Events } from '../storage/events.ts'
import { keepTrying } from './runner.ts'

/** Back-channel logout that is not lost: kept first, delivered then, again and again for an hour, result kept. */
export interface LogoutDeliveries {
  /** Keeps the notices, then waits for their first try, but not longer than `patienceMs`. */
  send(notices: LogoutNotice[]): Promise<void>
  /** Tries what is due; returns how many were tried. */
  tryDue(): Promise<number>
  stop(): Promise<void>
}

/** Seconds until the next try; after the last one the notice is given up. */
const waits = [2, 10, 60, 300, 900, 2400]
const patienceMs = 1500
const everyMs = 1000
const atOnce = 20
/** A try takes less (guards/outbound.ts); who has not said by then how it went has died, and another process tries. */
const usualLeaseMs = 5000

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).slice(0, 300)
}

export function createLogoutDeliveries(options: {
  database: Database
  audit: AuditLog
  events: Events
  clock: Clock
  deliver: Deliver
  log: { warn(details: object, message: string): void }
  leaseMs?: number
}): LogoutDeliveries {
  const { database, audit, events, clock, deliver, log, leaseMs = usualLeaseMs } = options

  /** Claims by compare-and-set on the number of attempts, so that of several processes one delivers. */
  async function claimDue() {
    const now = clock()
    const due = await database
      .selectFrom('logout_deliveries')
      .selectAll()
      .where('state', '=', 'pending')
      .where('next_attempt_at', '<=', now)
      .orderBy('next_attempt_at')
      .limit(atOnce)
      .execute()
    const claimed = await Promise.all(
      due.map(async (row) => {
        const { numUpdatedRows } = await database
          .updateTable('logout_deliveries')
          .set({ attempts: row.attempts + 1, next_attempt_at: now + leaseMs })
          .where('id', '=', row.id)
          .where('attempts', '=', row.attempts)
          .where('state', '=', 'pending')
          .executeTakeFirst()
        return numUpdatedRows === 1n ? [row] : []
      }),
    )
    return claimed.flat()
  }

  async function attempt(row: Awaited<ReturnType<typeof claimDue>>[number]) {
    const notice = { clientId: row.client_id, personId: row.person_id, sessionId: row.session_id }
    const failure = await deliver(notice).then(
      () => undefined,
      (error: unknown) => reasonOf(error),
    )
    const wait = waits[row.attempts]
    const state = failure === undefined ? 'delivered' : wait === undefined ? 'abandoned' : 'pending'
    if (failure !== undefined)
      log.warn({ client: row.client_id, attempt: row.attempts + 1, failure }, 'logout not delivered')
    await database.transaction().execute(async (transaction) => {
      const next = state === 'pending' && wait !== undefined ? { next_attempt_at: clock() + wait * 1000 } : {}
      const set = { state, last_result: failure ?? 'ok', ...next } as const
      await transaction.updateTable('logout_deliveries').set(set).where('id', '=', row.id).execute()
      if (state === 'pending') return
      const event = state === 'delivered' ? 'logout.delivered' : 'logout.abandoned'
      const details = { attempts: row.attempts + 1 }
      await audit.append(transaction, {
        event,
        actor: 'system',
        personId: row.person_id,
        clientId: row.client_id,
        details,
      })
    })
  }

  async function tryAll(): Promise<number> {
    const rows = await claimDue()
    await Promise.all(rows.map(attempt))
    return rows.length
  }

  async function nextDue(): Promise<number | undefined> {
    const first = await database
      .selectFrom('logout_deliveries')
      .select(({ fn }) => fn.min('next_attempt_at').as('at'))
      .where('state', '=', 'pending')
      .executeTakeFirst()
    return first?.at ?? undefined
  }

  // whoever keeps a notice tries it at once: all others look later for what a dead process left, and for what is to be repeated
  const trying = keepTrying({
    run: tryAll,
    nextDue,
    events,
    topic: 'logout',
    changedMs: leaseMs,
    everyMs,
    clock,
    failed: (error) => log.warn({ err: error }, 'logout deliveries could not be tried'),
  })

  return {
    tryDue: trying.tryDue,
    stop: trying.stop,
    async send(notices) {
      if (notices.length === 0) return
      const now = clock()
      const rows = notices.map(({ clientId, personId, sessionId }) => ({
        client_id: clientId,
        person_id: personId,
        session_id: sessionId,
        state: 'pending' as const,
        attempts: 0,
        next_attempt_at: now,
        last_result: null,
        created_at: now,
      }))
      await database.insertInto('logout_deliveries').values(rows).execute()
      events.publish('logout', 'kept')
      const firstTry = trying.tryAgain()
      const outOfPatience = new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
      await Promise.race([firstTry, outOfPatience])
    },
  }
}
