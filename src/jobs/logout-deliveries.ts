import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Deliver, LogoutNotice } from '../sessions/sessions.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import { claimDue, firstDue } from './claim-due.ts'
import { startJob, type JobDeps, type RunningJob } from './runner.ts'

/** Back-channel logout that survives a crash: each notice is stored first, then delivered, with retries for an hour. */
export interface LogoutDeliveries {
  /** Stores the notices, then waits for their first attempt, at most `patienceMs`. */
  send(notices: LogoutNotice[]): Promise<void>
  /** Starts the deliveries of this process. Notices sent before are stored and wait. */
  start(deliver: Deliver): RunningJob
}

export interface LogoutDeliveryDeps extends JobDeps {
  database: Database
  audit: AuditLog
  events: Events
  log: JobDeps['log'] & { warn(details: object, message: string): void }
  /**
   * An attempt takes less than this (guards/outbound.ts). A process without a result by then is dead, and another one takes
   * the notice over.
   */
  leaseMs?: number
}

/** Seconds until the next attempt; the notice is abandoned after the last one. */
const waits = [2, 10, 60, 300, 900, 2400]
const patienceMs = 1500
const everyMs = 1000
const atOnce = 20

export function createLogoutDeliveries(deps: LogoutDeliveryDeps): LogoutDeliveries {
  const { database, events, clock, leaseMs = 5000 } = deps
  let running: RunningJob | undefined

  return {
    async send(notices) {
      if (notices.length === 0) return
      await storeNotices(database, notices, clock())
      events.publish('logout', 'kept')
      const outOfPatience = new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
      await Promise.race([running?.runAgain(), outOfPatience])
    },
    start(deliver) {
      running = startJob(
        {
          name: 'logout deliveries',
          topic: 'logout',
          // The sender delivers at once. Other processes look later, for notices of a dead process and for retries.
          changedMs: leaseMs,
          everyMs,
          run: () => deliverDue({ ...deps, leaseMs, deliver }),
          nextDue: () => firstDue(database, 'logout_deliveries'),
        },
        deps,
      )
      return running
    },
  }
}

function storeNotices(database: Database, notices: LogoutNotice[], now: number) {
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
  return database.insertInto('logout_deliveries').values(rows).execute()
}

type DeliveryDeps = LogoutDeliveryDeps & { leaseMs: number; deliver: Deliver }

async function deliverDue(deps: DeliveryDeps): Promise<void> {
  const now = deps.clock()
  const lease = { now, until: now + deps.leaseMs, limit: atOnce }
  const rows = await claimDue(deps.database, 'logout_deliveries', lease)
  await Promise.all(rows.map((row) => attempt(deps, row)))
}

async function attempt(deps: DeliveryDeps, row: Selectable<Tables['logout_deliveries']>): Promise<void> {
  const { database, audit, deliver, clock, log } = deps
  const notice = { clientId: row.client_id, personId: row.person_id, sessionId: row.session_id }
  const failure = await deliver(notice).then(() => undefined, reasonOf)
  const attempts = row.attempts + 1
  const wait = waits[row.attempts]
  const state = failure === undefined ? 'delivered' : wait === undefined ? 'abandoned' : 'pending'
  if (failure !== undefined) log.warn({ client: row.client_id, attempt: attempts, failure }, 'logout not delivered')
  await database.transaction().execute(async (transaction) => {
    const next = state === 'pending' && wait !== undefined ? { next_attempt_at: clock() + wait * 1000 } : {}
    const set = { state, last_result: failure ?? 'ok', ...next } as const
    await transaction.updateTable('logout_deliveries').set(set).where('id', '=', row.id).execute()
    if (state === 'pending') return
    const event = state === 'delivered' ? 'logout.delivered' : 'logout.abandoned'
    const { personId, clientId } = notice
    await audit.append(transaction, { event, actor: 'system', personId, clientId, details: { attempts } })
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).slice(0, 300)
}
