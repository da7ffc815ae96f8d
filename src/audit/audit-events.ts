import { declared, type DeclaredKey } from '../login-methods.ts'

const events = {
  'person.registered': 'a natural person opened an account',
  'person.created': 'an administrator opened an account for a natural person',
  'person.proofed': 'name and number were matched with the population register',
  'person.not-matched': 'name and number were compared with the population register and did not match',
  'person.face-proofed': 'a face was verified for an account; it reached identity level 4',
  'person.proof-ended': 'level 3 by name and number alone, the rule before, ended on its day',
  'person.superseded':
    'an account lost its proof of identity to another account with a stronger proof of the same document',
  'number.claimed': 'a document number of another account was proven at a counter; it moves after a waiting time',
  'number.claim-ended': 'a document number that was to move stays with its account',
  'face.consented': 'a person, or a guardian for them, agreed to face verification',
  'face.withdrawn': 'the consent to face verification was withdrawn and the face erased',
  'authenticator.bound': 'an authenticator was bound to a verified face',
  'person.locked': 'an account was locked',
  'person.unlocked': 'an account was unlocked',
  'person.possession-asked': 'a person of level 3 by the rule before was asked once to show that they are the one',
  'person.corrected':
    'name, document number or phone of an account was corrected; the sealed part has the old and the new values',
  'person.sign-ins-ended': 'an administrator ended all sign-ins of an account',
  'person.sessions-ended': 'sessions, codes and tokens of ended sign-ins were removed',
  'person.device-seen': 'a person signed in with a browser not seen before',
  'person.recovered':
    'a forgotten password was replaced, by a recovery code, phone, face or administrator’s link; all sessions ended',
  'recovery.stopped':
    'a recovery was stopped by the link of its notice: password and hold are as before it; all sessions ended',
  'recovery.codes-made': 'a person made new recovery codes; the old ones ended',
  'recovery.codes-voided': 'an administrator ended the recovery codes of a person',
  'recovery.codes-offered': 'a person was asked once after signing in whether to print recovery codes',
  'recovery.link-made': 'an administrator made a link for a person to set a new password; older ones ended',
  'recovery.refused': 'an attempt to recover an account was refused',
  'person.revealed': 'a person viewed their own data without masks',
  'person.data-taken': 'a person downloaded all data about them',
  'person.merged': 'a person merged another account of theirs into this one; the other is closed',
  'person.merged-away': 'a person merged this account into another one of theirs',
  'person.closing': 'a person asked to close their account; it is erased after a waiting time',
  'person.kept': 'a person cancelled the closing of their account',
  'person.closed': 'an account was closed permanently: personal data and authenticators are erased; this log remains',
  'person.device-forgotten': 'a person removed a known browser; its next sign-in counts as new',
  'person.device-restored': 'a person took back the removal of a known browser within minutes',
  'method.locked': 'a login method was switched off, or locked after a sign-in by another person',
  'method.unlocked': 'a login method was switched on again',
  'authenticator.added': 'a person added a passkey, or a token of one-time codes',
  'authenticator.renamed': 'a person gave a passkey a name of their own',
  'authenticator.removed': 'a person removed a passkey, or a token',
  'authenticator.refused': 'a passkey was not added: its challenge, origin or signature did not fit',
  'authenticator.held':
    'a recovery held a young passkey, or a token: it signs no person in until its owner confirms it',
  'authenticator.released': 'a person said that a held passkey or token is theirs: it is in use again',
  'keys.sealed': 'an administrator sealed rows that had no valid seal',
  'authenticator.cloned': 'a passkey was used with a counter that had been used before: there may be a copy of it',
  'signature.refused': 'a signature by passkey was refused',
  'session.ended': 'a person ended a session from the account centre',
  'login.succeeded': 'a person signed in',
  'login.refused': 'a sign-in was refused',
  'portal.entered': 'a portal got an authorization code for a signed-in person',
  'portal.refused': 'a portal got an error because the person or Yideng refused',
  'consent.given': 'a person allowed a portal to read attributes',
  'consent.withdrawn': 'a person withdrew consent to a portal; its grants and tokens ended',
  'consent.refused': 'a person refused a portal',
  'token.reused': 'a used code or refresh token was used again; its family was revoked',
  'logout.portal': 'a person signed out of one portal',
  'logout.all': 'a person signed out of all portals',
  'logout.delivered': 'a portal received a logout token',
  'logout.abandoned': 'a portal did not accept a logout token; delivery was given up',
  'client.created': 'a portal was registered',
  'client.updated': 'the registration of a portal was changed',
  'client.secret-rotated': 'a portal got a new secret',
  'client.secret-guessed':
    'a portal’s secret was wrong too often: from one network, which must wait, or from many networks',
  'client.suspended': 'a portal was suspended',
  'client.resumed': 'a portal was resumed',
  'client.deleted': 'a portal was deleted',
  'organisation.opened': 'the legal representative opened or confirmed an organisation',
  'organisation.refused': 'opening an organisation was refused: it or its representative did not match the register',
  'organisation.suspended': 'an organisation was suspended: no person can act for it',
  'organisation.resumed': 'a suspended organisation was resumed',
  'organisation.representative-changed':
    'the register named another representative; all mandates wait for their confirmation',
  'mandate.offered': 'a mandate was offered to a person',
  'mandate.accepted': 'a person accepted a mandate',
  'mandate.declined': 'a person declined a mandate',
  'mandate.ended': 'a mandate was withdrawn, removed or returned, with every mandate based on it',
  'mandate.confirmed': 'a new representative confirmed a mandate, or its giver took back its end within minutes',
  'mandate.code-refused': 'the six-digit code of an invitation was wrong',
  'mandate.refused': 'an operation on mandates was refused',
  'representee.chosen': 'a person chose a principal to act for at a portal',
  'representee.refused': 'a person may not, or may no longer, act for a principal at a portal',
  'representee.ended': 'grants and tokens of a portal for a principal ended with the mandate',
  'token.exchanged': 'a portal got an access token to act for a principal at an API',
  'token.exchange-refused': 'a portal did not get a token to act for a principal',
  'keys.rotated': 'new keys were made',
  'keys.retired': 'keys were taken out of use',
  'audit.revealed': 'an administrator read the restricted part of audit entries',
  'audit.exported': 'an administrator wrote audit entries to a file',
  'store.restored':
    'a store was filled from a backup: all sign-ins ended; the counts show which rows came back or were left out',
  'store.row-refused': 'a row without a valid seal was not used: another program changed the store',
  'audit.chain-closed': 'the chain of a process that no longer lives got its last entry',
  'audit.archived': 'a month of audit entries was moved to a file',
  'administrator.granted': 'a person was made an administrator, or given another role or region',
  'administrator.revoked': 'a person is no longer an administrator',
  'administrator.acted': 'an administrator ran a remote command; the outcome shows whether it succeeded',
  'administrator.refused': 'a remote command was refused: no administrator, an invalid proof, or another program',
  'approval.requested': 'an administrator requested a command that a second one must approve',
  'approval.approved': 'a second administrator approved a requested command',
  'approval.refused': 'a requested command was refused or withdrawn',
  'approval.used': 'an approved command ran, once',
  'device.refused': 'a person refused the sign-in of a command line',
  'administrator.looked-up':
    'an administrator looked for people by a document number, phone, username or name; the entry has the kind, never the value',
  'administrator.revealed': 'an administrator viewed personal data of an account without masks',
  'phone.proven': 'a person has shown that they hold a telephone number',
  'phone.changed': 'a person has another telephone number',
  'phone.changed-hands': 'a telephone number has another subscriber since it was proven: its proofs ended',
  'text.limit-reached':
    'texts to many numbers reached the day’s budget, the limit of a country or of a range of numbers: perhaps an attack',
  'text.not-sent': 'a text with a code was not accepted by the vendor, or not in time',
  'person.imported': 'accounts of an upstream were imported: a part of a file, with its lines',
  'person.import-undone': 'an import was undone: accounts that it opened were removed',
  'upstream.linked': 'an account of an upstream was linked to an account',
  'upstream.unlinked': 'the link to an account of an upstream was removed',
  'upstream.paused': 'a recovery paused the link to an account of an upstream: another person may have made it',
  'upstream.released': 'a person confirmed a link to an account of an upstream that a recovery had paused',
  'register.imported': 'a file was imported into a register',
} as const

export type AuditEventName = keyof typeof events | DeclaredKey<'auditEvents'>

/** Every security-relevant event with its meaning; each login method declares its own. */
export const auditEvents: Readonly<Record<AuditEventName, string>> = { ...events, ...declared('auditEvents') }

export interface AuditEvent {
  event: AuditEventName
  /** `person`, `portal`, `program`, `system`, or `administrator:<name>`. */
  actor: string
  personId?: string | undefined
  clientId?: string | undefined
  /** Must not contain personal data. */
  details?: Record<string, string | number | boolean | string[] | undefined> | undefined
  /** Personal data such as network address and browser; stored sealed. */
  restricted?: Record<string, string> | undefined
}
