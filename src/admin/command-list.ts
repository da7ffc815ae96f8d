import type { ListedCommand } from './command.ts'

/** Every command of administrators, in the order of the help. A command is one file and one entry here. */
export const listed: Readonly<Record<string, ListedCommand>> = {
  'client create': {
    summary: 'register a portal; without flags it asks for each field',
    load: () => import('./clients/client-create.ts'),
  },
  'client list': {
    summary: 'list the portals, oldest first',
    load: () => import('./clients/client-list.ts'),
  },
  'client legacy': {
    summary: 'count the portals that speak an old protocol, and their days left',
    load: () => import('./clients/client-legacy.ts'),
  },
  'client show': {
    summary: 'show the registration of a portal',
    load: () => import('./clients/client-show.ts'),
  },
  'client update': {
    summary: 'change the given fields and keep the others; an empty value removes a field',
    load: () => import('./clients/client-update.ts'),
  },
  'client rotate-secret': {
    summary: 'give a portal a new secret; the old one ends within two seconds',
    load: () => import('./clients/client-rotate-secret.ts'),
  },
  'client suspend': {
    summary: 'refuse all sign-ins at a portal until it is resumed',
    load: () => import('./clients/client-suspend.ts'),
  },
  'client resume': {
    summary: 'allow sign-ins at a suspended portal again',
    load: () => import('./clients/client-resume.ts'),
  },
  'client delete': {
    summary: 'delete a portal and the consents given to it, for good (suspend can be undone)',
    load: () => import('./clients/client-delete.ts'),
  },
  'client preview-level': {
    summary: 'preview a change of levels on the sign-ins of the last 30 days, by portal; it changes nothing',
    load: () => import('./levels/client-preview-level.ts'),
  },
  'client export': {
    summary: 'print the registrations of portals as YAML for client import; secrets are not in it',
    load: () => import('./clients/client-export.ts'),
  },
  'client import': {
    summary: 'register portals as a YAML file declares them; a second run changes nothing',
    load: () => import('./clients/client-import.ts'),
  },
  'client check': {
    summary: 'test a portal with a faulty provider: sign in there, and report the faults it accepts',
    load: () => import('./check/client-check.ts'),
  },
  'person create': {
    summary: 'open an account for a natural person, by the rules of registration',
    load: () => import('./persons/person-create.ts'),
  },
  'person list': {
    summary: 'list the accounts page by page, personal data masked',
    load: () => import('./persons/person-list.ts'),
  },
  'person find': {
    summary: 'find people by document number, phone, username or exact name; without flags it guides a clerk',
    load: () => import('./persons/person-find.ts'),
  },
  'person show': {
    summary: 'show an account, personal data masked',
    load: () => import('./persons/person-show.ts'),
  },
  'person reveal': {
    summary: 'show the personal data of an account whole; remotely, a second administrator must agree',
    load: () => import('./persons/person-reveal.ts'),
  },
  'person correct': {
    summary: 'correct name, phone or document number of an account, as the register has them',
    load: () => import('./persons/person-correct.ts'),
  },
  'person sign-out': {
    summary: 'end all sign-ins of an account',
    load: () => import('./persons/person-sign-out.ts'),
  },
  'person void-codes': {
    summary: 'end the recovery codes of a person',
    load: () => import('./persons/person-void-codes.ts'),
  },
  'person import-tokens': {
    summary: 'import hardware tokens of one-time codes from a sealed file; each is given to a person afterwards',
    load: () => import('./persons/person-import-tokens.ts'),
  },
  'person give-token': {
    summary: 'give a hardware token of one-time codes to a person, by the serial number on it',
    load: () => import('./persons/person-give-token.ts'),
  },
  'person remove-tokens': {
    summary: 'remove all tokens of one-time codes of a person: the password alone signs in again',
    load: () => import('./persons/person-remove-tokens.ts'),
  },
  'person lock': {
    summary: 'refuse all sign-ins with an account until it is unlocked',
    load: () => import('./persons/person-lock.ts'),
  },
  'person unlock': {
    summary: 'allow sign-ins with a locked account again',
    load: () => import('./persons/person-unlock.ts'),
  },
  'person prove': {
    summary:
      'confirm that you saw a person with their original document: level 4 without a face; ' +
      'passkeys of the last ten minutes are bound; another account with the number loses it after a waiting period',
    load: () => import('./persons/person-prove.ts'),
  },
  'person keep-number': {
    summary: 'let an account keep its document number: the waiting period to remove it ends',
    load: () => import('./persons/person-keep-number.ts'),
  },
  'person agree-face': {
    summary:
      'record the consent of a guardian to face verification of a child under 14; ' +
      'you saw the guardian and the household register',
    load: () => import('./persons/person-agree-face.ts'),
  },
  'person withdraw-face': {
    summary:
      'withdraw the consent to face verification and erase the template, at the request of the person or guardian',
    load: () => import('./persons/person-withdraw-face.ts'),
  },
  'person reset-password': {
    summary: 'make a one-time link for a new password; older links of the person end',
    load: () => import('./persons/person-reset-password.ts'),
  },
  'person channels': {
    summary: 'list the WeChat and Alipay accounts that a person has bound, without their ids at the vendor',
    load: () => import('./persons/person-channels.ts'),
  },
  'person links': {
    summary: 'list the accounts of other systems that a person has linked, or end the links to one system',
    load: () => import('./persons/person-links.ts'),
  },
  'person import': {
    summary: 'bring in the accounts of an existing system from a file, or undo such an import',
    load: () => import('./persons/person-import.ts'),
  },
  'org create': {
    summary: 'open an organisation for its legal representative; you vouch for one that the register does not have',
    load: () => import('./organisations/org-create.ts'),
  },
  'org list': {
    summary: 'list the organisations page by page',
    load: () => import('./organisations/org-list.ts'),
  },
  'org show': {
    summary: 'show an organisation, and whether people can act for it now',
    load: () => import('./organisations/org-show.ts'),
  },
  'org suspend': {
    summary: 'forbid all acts for an organisation; portals end its sessions and tokens within seconds',
    load: () => import('./organisations/org-suspend.ts'),
  },
  'org resume': {
    summary: 'let people act for a suspended organisation again',
    load: () => import('./organisations/org-resume.ts'),
  },
  'org mandates': {
    summary: 'list the people who may act for an organisation, and their matters',
    load: () => import('./organisations/org-mandates.ts'),
  },
  'channel list': {
    summary: 'list the channels to WeChat and Alipay, with the people bound, the last success and the last failure',
    load: () => import('./channels/channel-list.ts'),
  },
  'channel check': {
    summary: 'ask the vendor of a channel for a server token, then with a wrong code, which it must refuse',
    load: () => import('./channels/channel-check.ts'),
  },
  'channel unbind': {
    summary: 'remove what a person has bound at a channel; the person is informed, and their sign-ins end',
    load: () => import('./channels/channel-unbind.ts'),
  },
  'upstream list': {
    summary: 'list the upstreams, with the people linked, the last success with its time, and the last failure',
    load: () => import('./upstreams/upstream-list.ts'),
  },
  'upstream check': {
    summary:
      'try a sign-in at an upstream: document, clock, keys, page, a wrong code, which it must refuse, and sign-out',
    load: () => import('./upstreams/upstream-check.ts'),
  },
  'register import': {
    summary: 'fill an embedded register from a CSV file in UTF-8',
    load: () => import('./registers/register-import.ts'),
  },
  'keys list': {
    summary: 'list the ids of signing, data, index and cookie keys, never the keys',
    load: () => import('./keys/keys-list.ts'),
  },
  'keys export': {
    summary: 'print the public signing keys, retired ones too, as a JSON Web Key Set for auditors',
    load: () => import('./keys/keys-export.ts'),
  },
  'keys rotate': {
    summary: 'make new keys; running servers follow at once',
    load: () => import('./keys/keys-rotate.ts'),
  },
  'keys retire': {
    summary: 'retire old keys that are no longer needed',
    load: () => import('./keys/keys-retire.ts'),
  },
  'keys reseal': {
    summary: 'move the stored data of a running system to the algorithms of YIDENG_SUITE',
    load: () => import('./keys/keys-reseal.ts'),
  },
  'keys seal': {
    summary: 'vouch for passwords and passkeys without a seal, after restoring a backup of an older version',
    load: () => import('./keys/keys-seal.ts'),
  },
  'audit list': {
    summary: 'list audit entries, newest first',
    load: () => import('./audit/audit-list.ts'),
  },
  'audit verify': {
    summary: 'find an entry that was changed, removed, reordered or cut off; needs no running server',
    load: () => import('./audit/audit-verify.ts'),
  },
  'audit verify-signature': {
    summary: 'check a passkey signature over a mandate, or over an approval by QR code, against the store',
    load: () => import('./audit/audit-verify-signature.ts'),
  },
  'audit export': {
    summary: 'write entries to a file, oldest first',
    load: () => import('./audit/audit-export.ts'),
  },
  'audit archive': {
    summary: 'move whole months to files, one a month; a month leaves the store after its file is checked',
    load: () => import('./audit/audit-archive.ts'),
  },
  'audit divide': {
    summary: 'split the audit log of a large PostgreSQL store into one partition a month; servers may run',
    load: () => import('./audit/audit-divide.ts'),
  },
  'audit receipt': {
    summary: 'print the receipt of an entry: a proof that the entry is in the audit log',
    load: () => import('./audit/audit-receipt.ts'),
  },
  'audit check-receipt': {
    summary: 'check a receipt against the checkpoint in it',
    load: () => import('./audit/audit-check-receipt.ts'),
  },
  'admin grant': {
    summary: 'let a person administer a region remotely: viewer reads, operator changes, admin deletes and approves',
    load: () => import('./administrators/admin-grant.ts'),
  },
  'admin list': {
    summary: 'list the remote administrators',
    load: () => import('./administrators/admin-list.ts'),
  },
  'admin revoke': {
    summary: 'end the role of a remote administrator; it takes effect at their next command',
    load: () => import('./administrators/admin-revoke.ts'),
  },
  'approval list': {
    summary: 'list the requests of administrators that a second one decides, latest first',
    load: () => import('./approvals/approval-list.ts'),
  },
  'approval approve': {
    summary: 'approve the request of another administrator; it runs at once, or is released to its requester',
    load: () => import('./approvals/approval-approve.ts'),
  },
  'approval refuse': {
    summary: 'refuse the request of another administrator, or take back your own',
    load: () => import('./approvals/approval-refuse.ts'),
  },
  'mipin report': {
    summary: 'answer GB/T 39786 clause by clause, from settings and store, for operator and assessor',
    load: () => import('./mipin/mipin-report.ts'),
  },
  migrate: {
    summary: 'bring the store up to date, as each start does, or move a stopped one with --from and --to',
    load: () => import('./stores/migrate.ts'),
  },
  backup: {
    summary: 'write the accounts of one moment into a new SQLite file, while servers run',
    load: () => import('./stores/backup.ts'),
  },
  restore: {
    summary: 'fill an empty store from a backup, end all sign-ins, and keep later locks and revocations',
    load: () => import('./stores/restore.ts'),
  },
  doctor: {
    summary:
      'examine settings, keys, store and audit log, and advise; or show why an error page was shown; it changes nothing',
    load: () => import('./doctor/doctor.ts'),
  },
  completion: {
    summary: 'print a shell script that completes the words of yideng, and finds yideng without npx',
    load: () => import('./completion/completion.ts'),
  },
}
