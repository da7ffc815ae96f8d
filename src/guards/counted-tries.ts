import type { CountedTries } from '../config/method-declaration.ts'
import { loginMethods } from '../login-methods.ts'

const notHeld = 'not held by others’ tries'

/** Every count that delays a caller. A stranger's tries must never close the owner's way (docs/tries.md). */
export const countedTries: readonly CountedTries[] = [
  {
    names: ['recovery-tries', 'recovery-tries-known'],
    what: 'recovery codes: as passwords, by themselves',
    countedFor: 'target',
    ownersWay: 'a browser the person signed in with before is let in; a link from the counter',
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
    names: ['register-number', 'register-name'],
    what: 'matches with the population register: by number, by name with birth date',
    countedFor: 'target',
    ownersWay: 'registration goes on at level 2; a face or the counter proves the person as ever',
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
    names: [],
    what: 'the six digits of an invitation, by the person who types them (table mandate_code_tries)',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/accounts/mandates/invitation-codes.test.ts',
  },
  {
    names: ['device-tries', 'admin-refusals'],
    what: 'user codes of the command line, calls of the admin API without a right; by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/http/limits.test.ts',
  },
  {
    names: ['client-secret', 'client-secret-guessed', 'client-secret-everywhere'],
    what: 'client secrets, by portal and network; fewer per network while a secret is guessed from everywhere',
    countedFor: 'target',
    ownersWay: 'a network the portal proved itself from within the hour never waits',
    shownBy: 'test/guards/secret-guesses.test.ts',
  },
  ...loginMethods.flatMap((method): readonly CountedTries[] => method.countedTries),
]
