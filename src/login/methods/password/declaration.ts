import type { MethodDeclaration } from '../../../config/method-declaration.ts'

/** Sign-in by password. */
export const password = {
  name: 'password',
  signIn: { phone: 'form', computer: 'form', kiosk: 'row', icon: 'entry', scripted: false, aloneWhenLast: false },
  opensAccounts: true,
  bindsToFace: false,
  proofs: [],
  refusals: {
    missing_password: 400,
  },
  auditEvents: {
    'password.changed': 'a person changed their password; all other sessions ended',
    'house.braked': 'more passwords were wrong than right, as in an attack on many accounts: each network may try less',
  },
  hiddenEvents: ['house.braked'],
  notices: {
    'password-changed': '/account/ways',
  },
  budgets: {},
  endpoints: {
    '/login/:attempt/password': ['requests', 'signInTries'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['password-tries', 'password-tries-known', 'password-tries-braked'],
      what: 'passwords: by network; by typed identifier and by account; by browser that the account knows',
      countedFor: 'target',
      ownersWay: 'a browser the person signed in with before is let in; passkeys and QR login are not counted with it',
      shownBy: 'test/guards/account-tries.test.ts',
    },
  ],
  settings: { documented: {}, read: () => ({}) },
} as const satisfies MethodDeclaration
