import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AuditEventName } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import { actorOf, type Administrator } from './administrators.ts'

/** A command that one administrator requests. It never changes: the second administrator decides about exactly this input. */
export interface Approval {
  id: string
  /** Such as `client delete`. */
  command: string
  input: Record<string, unknown>
  region: string | undefined
  /** Account of the administrator. */
  requestedBy: string
  /** Milliseconds since 1970 UTC. */
  requestedAt: number
  expiresAt: number
  state: 'waiting' | 'approved' | 'refused' | 'used' | 'expired'
  decidedBy: string | undefined
}

/** Two-person rule: commands that wait for a second administrator. Every step is a compare-and-set. */
export interface Approvals {
  /** Returns the same request where it is open already. Undefined when the administrator has too many open requests. */
  request(asked: Pick<Approval, 'command' | 'input' | 'region' | 'requestedBy'>): Promise<Approval | undefined>
  find(id: string): Promise<Approval | undefined>
  /** The latest first. */
  list(): Promise<Approval[]>
  /** False when it is decided already, has expired, or its own requester would approve it. */
  decide(
    id: string,
    decision: 'approved' | 'refused',
    by: { actor: string; administrator: Administrator | undefined },
  ): Promise<boolean>
  /** Exactly one of several callers gets true, and runs the command. */
  use(id: string, actor: string): Promise<boolean>
}

const lifetimeMs = dayMs
const mostListed = 200
const mostOpen = 20
const aad = (id: string) => `approvals.input:${id}`

export interface ApprovalsDeps {
  database: Database
  cipher: FieldCipher
  audit: AuditLog
  clock: Clock
}

export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { database, clock } = deps
  return {
    request: (asked) => database.transaction().execute((transaction) => requestWithin(deps, transaction, asked)),
    async find(id) {
      const row = await database.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(deps, row)
    },
    async list() {
      const rows = await database
        .selectFrom('approvals')
        .selectAll()
        .orderBy('expires_at', 'desc')
        .orderBy('id')
        .limit(mostListed)
        .execute()
      return rows.map((row) => fromRow(deps, row))
    },
    decide(id, decision, { actor, administrator }) {
      const columns = { state: decision, decided_by: actor, decided_at: clock() }
      const event = decision === 'approved' ? 'approval.approved' : 'approval.refused'
      const notBy = decision === 'approved' ? administrator?.personId : undefined
      return advance(deps, { id, from: 'waiting', columns, event, actor, notBy })
    },
    use: (id, actor) =>
      advance(deps, { id, from: 'approved', columns: { state: 'used' }, event: 'approval.used', actor }),
  }
}

function fromRow({ cipher, clock }: ApprovalsDeps, row: Selectable<Tables['approvals']>): Approval {
  const { id, command, state } = row
  const over = row.expires_at <= clock() && (state === 'waiting' || state === 'approved')
  return {
    id,
    command,
    input: JSON.parse(cipher.open(row.input, aad(id))) as Record<string, unknown>,
    region: row.region ?? undefined,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    state: over ? 'expired' : state,
    decidedBy: row.decided_by ?? undefined,
  }
}

async function auditStep(
  { audit }: ApprovalsDeps,
  transaction: DatabaseTransaction,
  { event, actor, approval }: { event: AuditEventName; actor: string; approval: Approval },
) {
  const { id: request, command, input } = approval
  const target = typeof input['id'] === 'string' ? input['id'] : undefined
  await audit.append(transaction, { event, actor, details: { request, command, target } })
}

/** One step by compare-and-set on the state; false where the state is another one, or the approval has expired. */
const advance = (
  deps: ApprovalsDeps,
  step: {
    id: string
    from: 'waiting' | 'approved'
    columns: Partial<Tables['approvals']>
    event: AuditEventName
    actor: string
    /** The requester who must not do this step. */
    notBy?: string | undefined
  },
): Promise<boolean> =>
  deps.database.transaction().execute(async (transaction) => {
    const { event, actor, notBy } = step
    const changed = await transaction
      .updateTable('approvals')
      .set(step.columns)
      .where('id', '=', step.id)
      .where('state', '=', step.from)
      .where('expires_at', '>', deps.clock())
      .$if(notBy !== undefined, (query) => query.where('requested_by', '!=', notBy ?? ''))
      .returningAll()
      .executeTakeFirst()
    if (changed) await auditStep(deps, transaction, { event, actor, approval: fromRow(deps, changed) })
    return changed !== undefined
  })

async function requestWithin(
  deps: ApprovalsDeps,
  transaction: DatabaseTransaction,
  { command, input, region, requestedBy }: Parameters<Approvals['request']>[0],
): Promise<Approval | undefined> {
  const text = JSON.stringify(input)
  const now = deps.clock()
  const open = await transaction
    .selectFrom('approvals')
    .selectAll()
    .where('requested_by', '=', requestedBy)
    .where('state', 'in', ['waiting', 'approved'])
    .where('expires_at', '>', now)
    .execute()
  const same = open
    .map((row) => fromRow(deps, row))
    .find((one) => one.command === command && JSON.stringify(one.input) === text)
  if (same || open.length >= mostOpen) return same
  const id = randomBytes(6).toString('hex')
  const row = {
    id,
    command,
    input: deps.cipher.seal(text, aad(id)),
    region: region ?? null,
    requested_by: requestedBy,
    requested_at: now,
    expires_at: now + lifetimeMs,
    state: 'waiting' as const,
    decided_by: null,
    decided_at: null,
  }
  await transaction.insertInto('approvals').values(row).execute()
  const approval = fromRow(deps, row)
  await auditStep(deps, transaction, { event: 'approval.requested', actor: actorOf(requestedBy), approval })
  return approval
}
