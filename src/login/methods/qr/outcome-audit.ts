import type { AuditEvent } from '../../../audit/audit-events.ts'
import { isOpen } from './states.ts'
import type { Applied } from './transactions.ts'

type Entry = Pick<AuditEvent, 'event' | 'personId' | 'clientId' | 'details'>

/** Entries of an applied event for the audit log; `taken` is the event to record where it changed the transaction. */
export function auditEntries({ before, after, refused }: Applied, taken?: AuditEvent['event']): Entry[] {
  const { state, reason, personId, clientId, needsCode, phoneLevel, signature } = after
  const about = { personId, clientId }
  const entries: Entry[] = []
  if (refused) entries.push({ event: 'qr.refused', ...about, details: { reason: refused, state } })
  else if (taken && before !== after) {
    entries.push({
      event: taken,
      ...about,
      details: taken === 'qr.approved' ? { code: needsCode, level: phoneLevel, signature } : {},
    })
  }
  // the first reader of an end writes it down; a transaction that is only created was scanned by no phone
  const endedNow = isOpen(before) && before.state !== 'created' && (state === 'expired' || state === 'aborted')
  if (endedNow) entries.push({ event: 'qr.ended', ...about, details: { state, reason } })
  return entries
}
