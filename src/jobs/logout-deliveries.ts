import { sql, type Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Deliver, LogoutNotice } from '../sessions/sessions.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import { claimRows } from './claim-due.ts'
import { createPortalShares, share, type PortalShares } from './portal-shares.ts'
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

export function createLogoutDeliveries(deps: LogoutDeliveryDeps): LogoutDeliveries {
  const { database, events, clock, leaseMs = 5000 } = deps
  const shares = createPortalShares()
  const underWay = new Map<number, Promise<void>>()
  let running: RunningJob | undefined

  return {
    async send(notices) {
      if (notices.length === 0) return
      const ids = await storeNotices(database, notices, clock())
      events.publish('logout', 'kept')
      const outOfPatience = new Promise<void>((resolve) => void setTimeout(resolve, patienceMs).unref())
      const firstAttempts = async () => {
        await running?.runAgain()
        // notices without a place wait for the attempts that have theirs, and then for their own
        for (const id of ids) {
          while (!underWay.has(id) && shares.free() <= 0) await Promise.race(underWay.values())
          await underWay.get(id)
        }
      }
      await Promise.race([firstAttempts(), outOfPatience])
    },
    start(deliver) {
      const job = startJob(
        {
          name: 'logout deliveries',
          topic: 'logout',
          // The sender delivers at once. Other processes look later, for notices of a dead process and for retries.
          changedMs: leaseMs,
          everyMs,
          run: () => beginDue({ ...deps, leaseMs, deliver, shares, underWay, refill: () => void refill() }),
          nextDue: () => nextDue({ database, shares, underWay }),
        },
        deps,
      )
      let stopped = false
      // the job itself logs a failure when its time comes
      const refill = async () => (stopped ? undefined : job.runAgain().catch(() => undefined))
      running = {
        runAgain: job.runAgain,
        async stop() {
          stopped = true
          await job.stop()
          await Promise.all(underWay.values())
        },
      }
      return running
    },
  }
}

async function storeNotices(database: Database, notices: LogoutNotice[], now: number): Promise<number[]> {
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
  const stored = await database.insertInto('logout_deliveries').values(rows).returning('id').execute()
  return stored.map(({ id }) => id)
}

type Row = Selectable<Tables['logout_deliveries']>

interface DeliveryDeps extends LogoutDeliveryDeps {
  leaseMs: number
  deliver: Deliver
  shares: PortalShares
  /** The attempts of this process, by the id of their notice. */
  underWay: Map<number, Promise<void>>
  /** Begins further attempts in free places. */
  refill(): void
}

/** Begins an attempt in each free place. It does not wait for them: each that ends calls `refill`. */
async function beginDue(deps: DeliveryDeps): Promise<void> {
  const { database, clock, shares, underWay } = deps
  const now = clock()
  const taken = (await dueFairly(deps, now)).filter(({ client_id }) => shares.take(client_id))
  let claimed: Row[] = []
  try {
    claimed = await claimRows(database, 'logout_deliveries', taken, now + deps.leaseMs)
  } finally {
    const ids = new Set(claimed.map(({ id }) => id))
    for (const { id, client_id } of taken) if (!ids.has(id)) shares.giveBack(client_id)
  }
  for (const row of claimed) {
    const attempted = attemptInPlace(deps, row).finally(() => {
      underWay.delete(row.id)
      deps.refill()
    })
    underWay.set(row.id, attempted)
  }
}

/** Due notices, oldest first, and of each portal no more than its share. */
async function dueFairly(deps: DeliveryDeps, now: number): Promise<Row[]> {
  const { database, shares } = deps
  if (shares.free() <= 0) return []
  const { rows } = await sql<Row>`select * from (
      select logout_deliveries.*, row_number() over (partition by client_id order by next_attempt_at, id) as place
      from logout_deliveries where state = 'pending' and next_attempt_at <= ${now} ${startable(deps)}
    ) as due where place <= ${sql.lit(share)} order by next_attempt_at, id limit ${sql.lit(shares.free())}`.execute(
    database,
  )
  return rows
}

/** The next due time of a notice that would get a place; undefined when an attempt must end first. */
async function nextDue(deps: Pick<DeliveryDeps, 'database' | 'shares' | 'underWay'>): Promise<number | undefined> {
  const { database, shares } = deps
  if (shares.free() <= 0) return undefined
  const { rows } = await sql<{ at: number | null }>`select min(next_attempt_at) as at from logout_deliveries
    where state = 'pending' ${startable(deps)}`.execute(database)
  return rows[0]?.at ?? undefined
}

/** Neither of a portal whose share is used up, nor under way here: an attempt may outlast its lease. */
function startable({ shares, underWay }: Pick<DeliveryDeps, 'shares' | 'underWay'>) {
  const full = shares.full()
  const portals = full.length === 0 ? sql`` : sql`and client_id not in (${sql.join(full)})`
  return underWay.size === 0 ? portals : sql`${portals} and id not in (${sql.join([...underWay.keys()])})`
}

async function attemptInPlace(deps: DeliveryDeps, row: Row): Promise<void> {
  let failed = true
  try {
    failed = await attempt(deps, row)
  } catch (error) {
    // another attempt follows when the lease ends
    deps.log.error({ err: error, client: row.client_id }, 'the result of a logout notice could not be stored')
  } finally {
    deps.shares.ended(row.client_id, failed)
  }
}

/** @returns whether the portal could not be told */
async function attempt(deps: DeliveryDeps, row: Row): Promise<boolean> {
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
  return failure !== undefined
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).slice(0, 300)
}
