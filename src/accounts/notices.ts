import type { Inbox, InboxMessage } from '../channels/senders/inbox.ts'
import { declared, type DeclaredKey } from '../login-methods.ts'
import type { Database } from '../storage/database.ts'
import type { Actor } from './natural-persons/natural-person.ts'

const kinds = [
  'new-device',
  'authenticator-added',
  'authenticator-removed',
  'recovery-codes-made',
  'recovery-codes-voided',
  'name-corrected',
  'document-corrected',
  'phone-corrected',
  'sign-ins-ended',
  'account-recovered',
  'recovery-stopped',
  'method-locked',
  'method-unlocked',
  'account-closing',
  'account-kept',
  'number-lost',
  'number-won',
  'proof-ended',
  'mandate-offered',
  'mandate-again',
  'mandate-accepted',
  'mandate-ended',
  'mandate-suspended',
  'mandate-rests',
  'opened-in-your-name',
  'number-claimed',
  'number-claim-waits',
  'number-claim-ended',
  'phone-shared',
  'phone-recycled',
  'phone-changed',
  'account-merged',
  'upstream-linked',
  'upstream-linked-by-number',
  'upstream-unlinked',
  'upstream-paused',
  'upstream-released',
] as const

export type NoticeKind = (typeof kinds)[number] | DeclaredKey<'notices'>

/** Every notice about an account's safety, each with its words under `notices.<kind>`. */
export const noticeKinds: readonly NoticeKind[] = [
  ...kinds,
  ...(Object.keys(declared('notices')) as DeclaredKey<'notices'>[]),
]

export interface NewNotice extends InboxMessage {
  kind: NoticeKind
}

/** Informs people about the safety of their accounts; today by the inbox of the account centre. */
export interface Notifier {
  /** With a transaction: the notice is sent exactly if the change commits. */
  notify(notice: NewNotice, within?: Database): Promise<void>
}

export const createNotifier = (inbox: Pick<Inbox, 'send'>): Notifier => ({
  async notify(notice, within) {
    await inbox.send(notice, within)
  },
})

/** Tells a person of a change of a way to sign in, with the place that the change came from. */
export const tellOfAuthenticator = (
  notifier: Notifier,
  change: {
    kind: NoticeKind
    personId: string
    method: string
    by: Actor
  },
  within: Database,
): Promise<void> => {
  const { kind, personId, method, by } = change
  return notifier.notify({ personId, kind, details: { method }, restricted: by.restricted }, within)
}
