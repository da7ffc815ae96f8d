/** Every kind of security-relevant act, with what it means. A new act gets its line here first. */
export const auditEvents = {
  'person.registered': 'a natural person opened an account',
  'person.created': 'an administrator opened an account for a natural person',
  'person.proofed': 'name and number were matched with the population register',
  'person.not-matched': 'name and number were compared with the population register and did not match',
  'person.locked': 'an account was locked',
  'person.unlocked': 'an account was unlocked',
  'person.device-seen': 'a person signed in with a browser not seen before',
  'method.locked': 'a way to sign in was switched off, or locked after a sign-in that was not the person’s',
  'method.unlocked': 'a way to sign in was switched on again',
  'session.ended': 'a person ended a session from the account centre',
  'registration.refused': 'a registration was refused',
  'login.succeeded': 'a person signed in',
  'login.refused': 'a sign-in was refused',
  'qr.scanned': 'a phone scanned the QR code of a waiting browser; the risk was assessed',
  'qr.approved': 'a person let a waiting browser sign in by QR code',
  'qr.declined': 'a person refused a browser that waited to sign in by QR code',
  'qr.ended': 'a login by QR code ended without a sign-in after it was scanned',
  'qr.refused': 'a scan, a decision or a code of a login by QR code was refused',
  'qr.paused': 'login by QR code was switched off for a day after several refusals',
  'portal.entered': 'a portal was given a code for a signed-in person',
  'portal.refused': 'a portal was told that the person or Yideng said no',
  'consent.given': 'a person let a portal have attributes',
  'consent.refused': 'a person refused a portal',
  'token.reused': 'a used code or refresh token came again; its family was revoked',
  'logout.portal': 'a person signed out of one portal',
  'logout.all': 'a person signed out of all portals',
  'logout.delivered': 'a portal was told that the session ended',
  'logout.abandoned': 'a portal could not be told that the session ended',
  'client.created': 'a portal was registered',
  'client.updated': 'the registration of a portal was changed',
  'client.secret-rotated': 'a portal got a new secret',
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
  'mandate.refused': 'an act about mandates was refused',
  'representee.chosen': 'a person chose for whom to act at a portal',
  'representee.refused': 'a person was refused to act for somebody at a portal, or a portal to go on doing so',
  'representee.ended': 'what a portal held for a principal ended with the mandate',
  'token.exchanged': 'a portal got an access token to act for a principal at an API',
  'token.exchange-refused': 'a portal was refused such a token',
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

export type AuditEventName = keyof typeof auditEvents

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
