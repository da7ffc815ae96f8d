/** One kind of counted attempt, and the subject of its count. */
export interface CountedTries {
  /** Names in the store: of limits, or kinds of wrong-attempt counts. */
  names: readonly string[]
  what: string
  /**
   * `maker`: counted only for the client, by network, browser, login, session or own account. `target`: counted also
   * for the account, number, name or portal that the attempt is about, which may belong to another person.
   */
  countedFor: 'maker' | 'target'
  /** How the target goes on in spite of strangers' attempts. */
  ownersWay: string
  shownBy: string
}

const notHeld = 'others’ attempts do not count'

/** All counts that can make a client wait. A stranger's attempts must never block the owner (docs/tries.md). */
export const countedTries: readonly CountedTries[] = [
  {
    names: ['password-tries', 'password-tries-known', 'password-tries-braked'],
    what: 'passwords: by network, by typed identifier, by account, and by browser of an earlier sign-in',
    countedFor: 'target',
    ownersWay: 'a browser of an earlier sign-in is admitted; passkeys and QR login have other counts',
    shownBy: 'test/guards/account-tries.test.ts',
  },
  {
    names: ['recovery-tries', 'recovery-tries-known'],
    what: 'recovery codes: as passwords, with counts of their own',
    countedFor: 'target',
    ownersWay: 'a browser of an earlier sign-in is admitted; a link from the counter',
    shownBy: 'test/guards/account-tries.test.ts',
  },
  {
    names: ['recovery-links'],
    what: 'recovery links opened, by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/login/recovery-link.test.ts',
  },
  {
    names: ['passkey-tries'],
    what: 'passkeys, by network',
    countedFor: 'maker',
    ownersWay: 'a valid passkey is admitted also from a network that has to wait',
    shownBy: 'test/login/methods/passkey/sign-in.test.ts',
  },
  {
    names: ['face-failures', 'face-captured'],
    what: 'captures of a face: by account; ten times the limit by unproven number, or by person over all kiosks',
    countedFor: 'target',
    ownersWay:
      'their own account, until ten other accounts with the register’s name are used up; another kiosk; the counter',
    shownBy: 'test/login/methods/face/limits.test.ts',
  },
  {
    names: ['face-begun', 'face-typed'],
    what: 'started captures, by login or session; identifiers typed at a kiosk, by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/login/methods/face/face.test.ts',
  },
  {
    names: ['register-number', 'register-name'],
    what: 'matches with the population register: by number, by name with birth date',
    countedFor: 'target',
    ownersWay: 'registration continues at level 2; a face or the counter proves the person as before',
    shownBy: 'test/guards/register-matches.test.ts',
  },
  {
    names: ['registrations'],
    what: 'registrations, by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/registration/registration.test.ts',
  },
  {
    names: ['qr-creations', 'qr-shown', 'qr-address-scans'],
    what: 'started and viewed QR logins, by network; shown frames, by login',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/login/methods/qr/servers.test.ts',
  },
  {
    names: ['qr-scans', 'qr-refusals'],
    what: 'scans and refusals, by the account on the phone',
    countedFor: 'maker',
    ownersWay: 'only the person’s own phone scans or refuses',
    shownBy: 'test/login/methods/qr/servers.test.ts',
  },
  {
    names: [],
    what: 'the six digits of an invitation, by the person who types them (table mandate_code_tries)',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/accounts/mandates/invitation-codes.test.ts',
  },
  {
    names: ['device-tries', 'admin-refusals'],
    what: 'user codes of the command line, refused calls of the admin API; by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/http/limits.test.ts',
  },
  {
    names: ['client-secret', 'client-secret-guessed', 'client-secret-everywhere'],
    what: 'client secrets, by portal and network; fewer per network while many networks guess',
    countedFor: 'target',
    ownersWay: 'a network with a correct secret within the hour never waits',
    shownBy: 'test/guards/secret-guesses.test.ts',
  },
]
