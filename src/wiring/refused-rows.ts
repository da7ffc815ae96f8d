import type { Logger } from 'pino'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { RefusedRow } from '../keys/row-guard.ts'

/** Anyone may ask for a changed portal at any rate, so each row is reported once in this time. */
const againMs = 3_600_000

/** Rows that are remembered; a store with more of them is reported more often. */
const mostRows = 10_000

/** Reports rows that another program changed: to the log, and to the audit log, whose events are metrics too. */
export function reportRefusedRows(deps: {
  log: Pick<Logger, 'error'>
  record: AuditLog['record']
  clock: Clock
}): (row: RefusedRow) => void {
  const { log, record, clock } = deps
  const reported = new Map<string, number>()
  return ({ table, id }) => {
    const key = `${table}:${id}`
    if ((reported.get(key) ?? -Infinity) > clock() - againMs) return
    if (reported.size >= mostRows) reported.clear()
    reported.set(key, clock())
    log.error({ table, id }, 'a row was changed in the store and is not used: see doctor')
    const about = table === 'clients' ? { clientId: id } : table === 'administrators' ? { personId: id } : {}
    record({ event: 'store.row-refused', actor: 'system', ...about, details: { table, id } }).catch((error: unknown) =>
      log.error({ err: error }, 'a refused row could not be audited'),
    )
  }
}
