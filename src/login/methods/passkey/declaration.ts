import type { MethodDeclaration } from '../../../config/method-declaration.ts'
import { settings } from './settings.ts'

/** Sign-in by passkey (WebAuthn Level 3). */
export const passkey = {
  name: 'passkey',
  signIn: {
    phone: 'button',
    computer: 'button',
    kiosk: 'none',
    icon: 'finger',
    scripted: true,
    aloneWhenLast: true,
    unsureInApps: true,
  },
  opensAccounts: true,
  bindsToFace: true,
  proofs: [
    {
      by: 'signature',
      algorithms: ['ES256', 'EdDSA', 'RS256'],
      code: 'src/login/methods/passkey/assertion.ts',
    },
  ],
  refusals: {
    passkey_refused: 400,
    passkey_unknown: 400,
    passkey_other_person: 400,
    passkey_held: 403,
    passkey_needed: 403,
  },
  auditEvents: {
    'passkey.offered': 'a person was asked after signing in whether to make a passkey',
  },
  hiddenEvents: ['passkey.offered'],
  notices: {
    'authenticator-cloned': '/account/passkey',
    'authenticator-held': '/account/ways',
    'authenticator-released': '/account/ways',
    'authenticator-bound': '/account/passkey',
  },
  budgets: {},
  endpoints: {},
  topics: {},
  browserFiles: {
    'webauthn.js': new URL('../dist/bundle/index.es5.umd.min.js', import.meta.resolve('@simplewebauthn/browser')).href,
  },
  countedTries: [
    {
      names: ['passkey-tries'],
      what: 'passkeys, by network',
      countedFor: 'maker',
      ownersWay: 'a right passkey is let in also from a network that has to wait',
      shownBy: 'test/login/methods/passkey/sign-in.test.ts',
    },
  ],
  settings,
} as const satisfies MethodDeclaration
