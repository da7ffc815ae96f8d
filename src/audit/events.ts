import { declared, type DeclaredKey } from '../login-methods.ts'

const events = {
  'person.registered': 'a natural person opened an account',
  'person.created': 'an administrator opened an account for a natural person',
  'person.proofed': 'name and number were matched with the population register',
  'person.not-matched': 'name and number were compared with the population register and did not match',
  'person.face-proofed': 'a face was verified for an account; it reached identity level 4',
  'person.superseded': 'an account lost its proof of identity to another that proved the same document better',
  'number.claimed': 'a document number that another account has was proven at a counter; it changes hands after a wait',
  'number.claim-ended': 'a document number that was to change hands stays where it is',
  'face.consented': 'a person, or a guardian for them, agreed to face verification',
  'face.withdrawn': 'the consent to face verification was withdrawn and the face erased',
  'authenticator.bound': 'an authenticator was bound to a verified face',
  'person.locked': 'an account was locked',
  'person.unlocked': 'an account was unlocked',
  'person.sessions-ended': 'sessions, codes and tokens of ended sign-ins were removed',
  'person.device-seen': 'a person signed in with a browser not seen before',
  'person.recovered':
    'a forgotten password was replaced, by a recovery code or an administrator’s link; all sessions ended',
  'recovery.codes-made': 'a person made new recovery codes; the old ones ended',
  'recovery.link-made': 'an administrator made a link for a person to set a new password; older ones ended',
  'recovery.refused': 'an attempt to recover an account was refused',
  'person.revealed': 'a person looked at their own data whole',
  'person.data-taken': 'a person downloaded all that is kept about them',
  'person.closing': 'a person asked for their account to be closed after a time to think it over',
  'person.kept': 'a person kept an account that was to be closed',
  'person.closed': 'an account was closed for good: personal data, authenticators and all but this trail are erased',
  'person.device-forgotten': 'a person let a browser be forgotten; the next sign-in with it counts as new',
  'method.locked': 'a way to sign in was switched off, or locked after a sign-in that was not the person’s',
  'method.unlocked': 'a way to sign in was switched on again',
  'authenticator.added': 'a person added a passkey to sign in with',
  'authenticator.renamed': 'a person gave a passkey a name of their own',
  'authenticator.removed': 'a person removed a passkey',
  'authenticator.refused': 'a passkey was not added: its challenge, origin or signature did not fit',
  'authenticator.held': 'a recovery held a young passkey: it signs nobody in until its owner says that it is theirs',
  'authenticator.released': 'a person said that a held passkey is theirs: it signs in again',
  'keys.sealed': 'an administrator vouched for authenticators that had no seal',
  'authenticator.cloned': 'a passkey was used with a counter that had been used before: there may be a copy of it',
  'signature.refused': 'a signature by passkey was refused',
  'session.ended': 'a person ended a session from the account centre',
  'login.succeeded': 'a person signed in',
  'login.refused': 'a sign-in was refused',
  'portal.entered': 'a portal was given a code for a signed-in person',
  'portal.refused': 'a portal was told that the person or Yideng said no',
  'consent.given': 'a person let a portal have attributes',
  'consent.withdrawn': 'a person took back what a portal was let have; its grants and tokens ended',
  'consent.refused': 'a person refused a portal',
  'token.reused': 'a used code or refresh token came again; its family was revoked',
  'logout.portal': 'a person signed out of one portal',
  'logout.all': 'a person signed out of all portals',
  'logout.delivered': 'a portal was told that the session ended',
  'logout.abandoned': 'a portal could not be told that the session ended',
  'client.created': 'a portal was registered',
  'client.updated': 'the registration of a portal was changed',
  'client.secret-rotated': 'a portal got a new secret',
  'client.secret-guessed':
    'a portal’s secret was given wrong too often: by one network, which waits, or from everywhere',
  'client.suspended': 'a portal was suspended',
  'client.resumed': 'a portal was resumed',
  'client.deleted': 'a portal was deleted',
  'organisation.opened': 'the legal representative opened or confirmed an organisation',
  'organisation.refused': 'a person was refused an organisation: it or its representative did not match the register',
  'organisation.suspended': 'an organisation was suspended: nobody can act for it',
  'organisation.resumed': 'a suspended organisation was resumed',
  'organisation.representative-changed': 'the register named another representative; all mandates wait for the new one',
  'mandate.offered': 'a mandate was offered to a person',
  'mandate.accepted': 'a person accepted a mandate',
  'mandate.declined': 'a person declined a mandate',
  'mandate.ended': 'a mandate was withdrawn, removed or given back, with all that rested on it',
  'mandate.confirmed': 'a new representative gave a mandate again',
  'mandate.code-refused': 'six digits of an invitation were wrong',
  'mandate.refused': 'an act about mandates was refused',
  'representee.chosen': 'a person chose for whom to act at a portal',
  'representee.refused': 'a person was refused to act for somebody at a portal, or a portal to go on doing so',
  'representee.ended': 'what a portal held for a principal ended with the mandate',
  'token.exchanged': 'a portal got an access token to act for a principal at an API',
  'token.exchange-refused': 'a portal was refused such a token',
  'keys.rotated': 'new keys were made',
  'keys.retired': 'keys were taken out of use',
  'audit.revealed': 'an administrator read the restricted part of audit entries',
  'audit.exported': 'an administrator wrote audit entries to a file',
  'store.restored':
    'a store was filled from a backup: all sign-ins ended, and what came back or was kept away is counted',
  'audit.archived': 'a month of audit entries was moved to a file',
  'administrator.granted': 'a person was made an administrator, or given another role or region',
  'administrator.revoked': 'a person ceased to be an administrator',
  'administrator.acted': 'an administrator ran a command from afar; the outcome says whether it was done',
  'administrator.refused': 'a command from afar was refused: no administrator, a broken proof, another program',
  'approval.requested': 'an administrator asked for what a second one has to approve',
  'approval.approved': 'a second administrator approved what another asked for',
  'approval.refused': 'what an administrator asked for was refused, or taken back',
  'approval.used': 'what was approved was run, once',
  'device.refused': 'a person refused a command line that waited to be let in',
  'administrator.revealed': 'an administrator was shown the personal data of an account whole',
  'register.imported': 'a file was imported into a register',
} as const

export type AuditEventName = keyof typeof events | DeclaredKey<'auditEvents'>

/** Every kind of security-relevant act with its meaning; each login method declares its own. */
export const auditEvents: Readonly<Record<AuditEventName, string>> = { ...events, ...declared('auditEvents') }

export interface AuditEvent {
  event: AuditEventName
  /** Who did it: `person`, `portal`, `system`, or `administrator:<name>`. */
  actor: string
  personId?: string | undefined
  clientId?: string | undefined
  /** No personal data here. */
  details?: Record<string, string | number | boolean | string[] | undefined> | undefined
  /** Personal data such as network address and browser; sealed. */
  restricted?: Record<string, string> | undefined
}
