import type { NoticeKind } from '../accounts/notices.ts'
import { declared } from '../login-methods.ts'

/** The page of the account centre where a person can act on a notice. */
export const leads: Readonly<Record<NoticeKind, string>> = {
  ...declared('notices'),
  'new-device': '/account/history?only=sign-ins',
  'authenticator-added': '/account/ways',
  'authenticator-removed': '/account/ways',
  'recovery-codes-made': '/account/ways',
  'account-recovered': '/account/history?only=sign-ins',
  'recovery-stopped': '/account/history',
  'method-locked': '/account/ways',
  'method-unlocked': '/account/ways',
  'account-closing': '/account/closing',
  'account-kept': '/account/closing',
  'number-lost': '/account/history',
  'number-won': '/account/history',
  'mandate-offered': '/account/invitations',
  'mandate-again': '/account/organisations',
  'mandate-accepted': '/account/organisations',
  'mandate-ended': '/account/organisations',
  'mandate-suspended': '/account/organisations',
  'mandate-rests': '/account/organisations',
  'opened-in-your-name': '/account/organisations',
  'number-claimed': '/account',
  'number-claim-waits': '/account',
  'number-claim-ended': '/account',
  'phone-shared': '/account/phone',
  'phone-recycled': '/account/phone',
  'phone-changed': '/account/history',
}
