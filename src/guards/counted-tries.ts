import type { CountedTries } from '../config/method-declaration.ts'
import { loginMethods } from '../login-methods.ts'

const notHeld = 'others’ attempts do not count'

/** Every count that delays a caller. A stranger's tries must never close the owner's way (docs/tries.md). */
export const countedTries: readonly CountedTries[] = [
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
    names: ['register-number', 'register-name'],
    what: 'matches with the population register: by number, by name with birth date',
    countedFor: 'target',
    ownersWay: 'registration continues at level 2; a face or the counter proves the person as before',
    shownBy: 'test/guards/register-matches.test.ts',
  },
  {
    names: ['own-corrections'],
    what: 'corrections of the own name or document number, by person',
    countedFor: 'maker',
    ownersWay: 'the counter corrects the record',
    shownBy: 'test/account-centre/record-correction.test.ts',
  },
  {
    names: ['registrations', 'registrations-begun'],
    what: 'registrations begun and finished, by network',
    countedFor: 'maker',
    ownersWay: notHeld,
    shownBy: 'test/registration/registration.test.ts',
  },
  {
    names: ['channel-phones'],
    what: 'codes of a native page for one page that wants a number',
    countedFor: 'maker',
    ownersWay: 'not held by others’ tries; the code by text is counted apart',
    shownBy: 'test/login/phone-from-channel.test.ts',
  },
  {
    names: [
      'text-pause',
      'text-number',
      'text-number-day',
      'text-number-network',
      'text-number-known',
      'text-number-document',
    ],
    what: 'texts with a code, by number; fewer by number and network; by browser that the account knows; by number with a document number',
    countedFor: 'target',
    ownersWay:
      'a browser of an earlier sign-in has counts of its own; so has the number with its document number; passkey, password and QR login are not counted',
    shownBy: 'test/guards/phone-codes/pumping.test.ts',
  },
  {
    names: ['text-network', 'text-prefix', 'text-country'],
    what: 'texts with a code, by network, by range of numbers, by country; all of a day in the budget',
    countedFor: 'target',
    ownersWay:
      'a browser of an earlier sign-in is let in, and a fifth of the budget is kept for it; registration goes on without',
    shownBy: 'test/guards/phone-codes/pumping.test.ts',
  },
  {
    names: ['one-tap'],
    what: 'tokens of carriers, by network',
    countedFor: 'maker',
    ownersWay: 'a code by text comes in its place',
    shownBy: 'test/guards/phone-codes/one-tap.test.ts',
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
  ...loginMethods.flatMap((method): readonly CountedTries[] => method.countedTries),
]
