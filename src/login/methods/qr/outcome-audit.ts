import type { AuditEvent } from '../../../audit/audit-events.ts'
import { isOpen } from './states.ts'
import type { Applied } from './transactions.ts'

type Entry = Pick<AuditEvent, 'event' | 'personId' | 'clientId' | 'details'>

/** What an applied event means for the audit trail; `taken` names what it is called where it was taken. */
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
  // whoever comes first writes down that time or somebody ended it; nobody scanned one that is only created
  const endedNow = isOpen(before) && before.state !== 'created' && (state === 'expired' || state === 'aborted')
  if (endedNow) entries.push({ event: 'qr.ended', ...about, details: { state, reason } })
  return entries
}
