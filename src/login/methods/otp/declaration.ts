import type { MethodDeclaration } from '../../../config/method-declaration.ts'

/** 动态口令: a code of a token after the password (GM/T 0021, RFC 6238). It never signs in alone. */
export const otp = {
  name: 'otp',
  signIn: { phone: 'none', computer: 'none', kiosk: 'none', icon: 'clock', scripted: false, aloneWhenLast: false },
  opensAccounts: false,
  secondFactor: true,
  bindsToFace: false,
  proofs: [
    {
      by: 'dynamic-code',
      algorithms: ['SM3'],
      storedAs: '"suite":"gmt0021-sm3"',
      code: 'src/login/methods/otp/suites.ts',
    },
    {
      by: 'dynamic-code',
      algorithms: ['SHA-256'],
      storedAs: '"suite":"rfc6238-sha256"',
      code: 'src/login/methods/otp/suites.ts',
    },
    {
      by: 'dynamic-code',
      algorithms: ['SHA-1'],
      storedAs: '"suite":"rfc6238-sha1"',
      code: 'src/login/methods/otp/suites.ts',
    },
  ],
  refusals: {},
  auditEvents: {
    'otp.imported': 'hardware tokens were imported from a sealed file: none is of a person yet',
    'otp.refused': 'a wrong code of a token came after the right password',
    'otp.paused': 'too many wrong codes of a token came after the right password: codes of this account wait',
  },
  hiddenEvents: ['otp.imported'],
  notices: {
    'otp-paused': '/account/password',
  },
  budgets: {},
  endpoints: {
    '/login/:attempt/otp': ['requests', 'signInTries'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['otp-tries', 'otp-tries-known'],
      what: 'codes of a token after the right password: by account, by network; by browser that the account knows',
      countedFor: 'target',
      ownersWay:
        'a browser the person signed in with before is let in; passkeys and QR login are not counted with it; a new password',
      shownBy: 'test/login/methods/otp/guesses.test.ts',
    },
  ],
  settings: { documented: {}, read: () => ({}) },
} as const satisfies MethodDeclaration
