import { hourMs } from '../config/time.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Deliver, LogoutNotice } from '../sessions/sessions.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import { dueIds, nextDueOf, noteDelivered, removeOldNotices, takeNotices, type Notice } from './due-notices.ts'
import { createPortalShares, type PortalShares } from './portal-shares.ts'
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
  const underWay = createUnderWay()
  let removedAt = 0
  let running: RunningJob | undefined

  /** Beside attempts under way no sooner than in a second: a lease of this process ends later than its attempt. */
  async function nextDue(): Promise<number | undefined> {
    if (shares.free() <= 0) return undefined
    const at = await nextDueOf(database, shares.full())
    return at === undefined || underWay.all().length === 0 ? at : Math.max(at, clock() + everyMs)
  }

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
          while (!underWay.of(id) && shares.free() <= 0) await Promise.race(underWay.all())
          await underWay.of(id)
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
          async run() {
            await beginDue({ ...deps, leaseMs, deliver, shares, underWay, refill: () => void refill() })
            if (clock() < removedAt + hourMs) return
            removedAt = clock()
            await removeOldNotices(database, removedAt)
          },
          nextDue,
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
          await Promise.all(underWay.all())
          await underWay.settle(database)
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

interface DeliveryDeps extends LogoutDeliveryDeps {
  leaseMs: number
  deliver: Deliver
  shares: PortalShares
  underWay: UnderWay
  /** Begins further attempts in free places. */
  refill(): void
}

/** Begins an attempt in each free place. It does not wait for them: each that ends calls `refill`. */
async function beginDue(deps: DeliveryDeps): Promise<void> {
  const { database, clock, shares, underWay } = deps
  await underWay.settle(database)
  const now = clock()
  const due = await dueIds(database, { now, shares, underWay: underWay.ids() })
  const taken = due.filter(({ portal }) => shares.take(portal))
  let claimed: Notice[] = []
  try {
    const ids = taken.map(({ id }) => id)
    claimed = await takeNotices(database, ids, { now, until: now + deps.leaseMs })
  } finally {
    const ids = new Set(claimed.map(({ id }) => id))
    for (const { id, portal } of taken) if (!ids.has(id)) shares.giveBack(portal)
  }
  for (const row of claimed) void underWay.begin(row.id, attemptInPlace(deps, row)).then(deps.refill)
}

async function attemptInPlace(deps: DeliveryDeps, row: Notice): Promise<boolean> {
  let failed = true
  try {
    failed = await attempt(deps, row)
  } catch (error) {
    // another attempt follows when the lease ends
    deps.log.error({ err: error, client: row.client_id }, 'the result of a logout notice could not be stored')
  } finally {
    deps.shares.ended(row.client_id, failed)
  }
  return !failed
}

/** @returns whether the portal could not be told */
async function attempt(deps: DeliveryDeps, row: Notice): Promise<boolean> {
  const { database, audit, deliver, clock, log } = deps
  const { attempts, client_id: clientId, person_id: personId } = row
  const failure = await deliver({ clientId, personId, sessionId: row.session_id }).then(() => undefined, reasonOf)
  const wait = waits[attempts - 1]
  if (failure !== undefined) log.warn({ client: clientId, attempt: attempts, failure }, 'logout not delivered')
  const isLast = failure === undefined || wait === undefined
  // first the entry: a process that dies in between tells the portal, and the log, once more
  if (isLast) {
    const event = failure === undefined ? 'logout.delivered' : 'logout.abandoned'
    await audit.record({ event, actor: 'system', personId, clientId, details: { attempts } })
  }
  if (failure === undefined) return false
  await database
    .updateTable('logout_deliveries')
    .set({ last_result: failure, ...(isLast ? { state: 'abandoned' } : { next_attempt_at: clock() + wait * 1000 }) })
    .where('id', '=', row.id)
    .where('state', '=', 'pending')
    .execute()
  return true
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).slice(0, 300)
}

type UnderWay = ReturnType<typeof createUnderWay>

/** The attempts of this process, by the id of their notice; and those that portals took, until the store has that too. */
function createUnderWay() {
  const attempts = new Map<number, Promise<void>>()
  let delivered: number[] = []
  return {
    begin(id: number, attempted: Promise<boolean>): Promise<void> {
      const note = async () => {
        const isDelivered = await attempted
        attempts.delete(id)
        if (isDelivered) delivered.push(id)
      }
      const ended = note()
      attempts.set(id, ended)
      return ended
    },
    ids: (): ReadonlySet<number> => new Set([...attempts.keys(), ...delivered]),
    of: (id: number) => attempts.get(id),
    all: () => [...attempts.values()],
    /** Stores what was delivered since the last time, in one statement. */
    async settle(database: Database) {
      const sofar = [...delivered]
      await noteDelivered(database, sofar)
      // others were delivered during the statement
      delivered = delivered.slice(sofar.length)
    },
  }
}
