import { auditEvents, type AuditEventName } from '../audit/audit-events.ts'
import { loginMethods } from '../login-methods.ts'

/** Events about portals, organisations and operations, and events that repeat another entry. */
const notShown: ReadonlySet<string> = new Set<AuditEventName>([
  ...loginMethods.flatMap(({ hiddenEvents }): readonly AuditEventName[] => hiddenEvents),
  'portal.refused',
  'recovery.codes-offered',
  'person.possession-asked',
  'token.reused',
  'token.exchanged',
  'token.exchange-refused',
  'logout.delivered',
  'logout.abandoned',
  'representee.refused',
  'organisation.refused',
  'mandate.refused',
  'register.imported',
  'person.imported',
  'person.import-undone',
  'person.closed',
  'administrator.acted',
  'administrator.refused',
  'organisation.suspended',
  'organisation.resumed',
])

/** Events that the history shows to the person they are about. The words are `history.<event>`. */
export const shownEvents = (Object.keys(auditEvents) as AuditEventName[]).filter(
  (event) => !/^(client|keys|audit|approval|store|text)\./.test(event) && !notShown.has(event),
)
