import type { MethodDeclaration } from '../../../config/method-declaration.ts'

/** Sign-in by a code in a text message: level 2 alone (config/levels.json). It recovers nothing and binds nothing. */
export const sms = {
  name: 'sms',
  signIn: { phone: 'tile', computer: 'tile', kiosk: 'none', icon: 'sms', scripted: false, aloneWhenLast: false },
  opensAccounts: false,
  bindsToFace: false,
  proofs: [],
  refusals: {
    not_by_sms: 403,
    sms_refused: 400,
  },
  auditEvents: {},
  hiddenEvents: [],
  notices: {},
  budgets: {
    texts: {
      what: 'texts with a code; by number, range and country as well (docs/tries.md)',
      by: 'network',
      most: 'YIDENG_SMS_ADDRESS_TEXTS',
      seconds: 3600,
      in: 'store',
    },
  },
  endpoints: {
    '/login/:attempt/sms': ['requests', 'texts'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [],
  settings: { documented: {}, read: () => ({}) },
} as const satisfies MethodDeclaration
