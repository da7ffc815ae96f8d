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

/** A command that one administrator asks for. It never changes: the second administrator decides about exactly this. */
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

/** Two-person rule: what waits for a second administrator. Every step is a compare-and-set. */
export interface Approvals {
  /**
   * What was asked for before by the same administrator, and is still open, or else a new request; undefined when they
   * have too many open.
   */
  request(asked: Pick<Approval, 'command' | 'input' | 'region' | 'requestedBy'>): Promise<Approval | undefined>
  find(id: string): Promise<Approval | undefined>
  /** The latest first. */
  list(): Promise<Approval[]>
  /** False when somebody was faster, it has expired, or its own requester would approve it. */
  decide(
    id: string,
    decision: 'approved' | 'refused',
    by: { actor: string; administrator: Administrator | undefined },
  ): Promise<boolean>
  /** Of several callers exactly one gets true, and runs it. */
  use(id: string, actor: string): Promise<boolean>
}

const lifetimeMs = dayMs
const mostListed = 200
const mostOpen = 20
const aad = (id: string) => `approvals.input:${id}`

export function createApprovals(options: {
  database: Database
  cipher: FieldCipher
  audit: AuditLog
  clock: Clock
}): Approvals {
  const { database, cipher, audit, clock } = options

  function fromRow(row: Selectable<Tables['approvals']>): Approval {
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

  const append = (transaction: DatabaseTransaction, event: AuditEventName, actor: string, approval: Approval) => {
    const { id: request, command, input } = approval
    const target = typeof input['id'] === 'string' ? input['id'] : undefined
    return audit.append(transaction, { event, actor, details: { request, command, target } })
  }

  /** One step, by whoever comes first. */
  const step = (
    id: string,
    from: 'waiting' | 'approved',
    columns: Partial<Tables['approvals']>,
    by: { event: AuditEventName; actor: string; notBy?: string },
  ) =>
    database.transaction().execute(async (transaction) => {
      const changed = await transaction
        .updateTable('approvals')
        .set(columns)
        .where('id', '=', id)
        .where('state', '=', from)
        .where('expires_at', '>', clock())
        .$if(by.notBy !== undefined, (query) => query.where('requested_by', '!=', by.notBy ?? ''))
        .returningAll()
        .executeTakeFirst()
      if (changed) await append(transaction, by.event, by.actor, fromRow(changed))
      return changed !== undefined
    })

  return {
    request: ({ command, input, region, requestedBy }) =>
      database.transaction().execute(async (transaction) => {
        const text = JSON.stringify(input)
        const open = await transaction
          .selectFrom('approvals')
          .selectAll()
          .where('requested_by', '=', requestedBy)
          .where('state', 'in', ['waiting', 'approved'])
          .where('expires_at', '>', clock())
          .execute()
        const same = open.map(fromRow).find((one) => one.command === command && JSON.stringify(one.input) === text)
        if (same || open.length >= mostOpen) return same
        const id = randomBytes(6).toString('hex')
        const now = clock()
        const row = {
          id,
          command,
          input: cipher.seal(text, aad(id)),
          region: region ?? null,
          requested_by: requestedBy,
          requested_at: now,
          expires_at: now + lifetimeMs,
          state: 'waiting' as const,
          decided_by: null,
          decided_at: null,
        }
        await transaction.insertInto('approvals').values(row).execute()
        const approval = fromRow(row)
        await append(transaction, 'approval.requested', actorOf(requestedBy), approval)
        return approval
      }),
    async find(id) {
      const row = await database.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    async list() {
      const rows = await database
        .selectFrom('approvals')
        .selectAll()
        .orderBy('expires_at', 'desc')
        .orderBy('id')
        .limit(mostListed)
        .execute()
      return rows.map(fromRow)
    },
    decide(id, decision, { actor, administrator }) {
      const columns = { state: decision, decided_by: actor, decided_at: clock() }
      const event = decision === 'approved' ? 'approval.approved' : 'approval.refused'
      const own = decision === 'approved' && administrator ? { notBy: administrator.personId } : {}
      return step(id, 'waiting', columns, { event, actor, ...own })
    },
    use: (id, actor) => step(id, 'approved', { state: 'used' }, { event: 'approval.used', actor }),
  }
}
