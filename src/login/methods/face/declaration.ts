import type { MethodDeclaration } from '../../../config/method-declaration.ts'
import { settings } from './settings.ts'

/** 刷脸: a verified face raises the level of a sign-in, or signs in at a kiosk. */
export const face = {
  name: 'face',
  signIn: { phone: 'none', computer: 'none', kiosk: 'form', icon: 'face', scripted: false, aloneWhenLast: false },
  opensAccounts: false,
  bindsToFace: false,
  proofs: [],
  refusals: {
    not_by_face: 403,
    kiosk_elsewhere: 403,
  },
  auditEvents: {
    'face.passed': 'a face was verified',
    'face.failed': 'a face was not verified: failed, unusable, cancelled or not possible',
    'face.blocked': 'face verification was blocked for an account after failed ones',
  },
  hiddenEvents: [],
  notices: {
    'face-verified': '/account/face',
    'face-blocked': '/account/face',
    'face-withdrawn': '/account/face',
  },
  budgets: {},
  endpoints: {
    '/login/:attempt/face/identify': ['requests', 'signInTries'],
    '/recover/face/identify': ['requests', 'recoveries'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['face-failures', 'face-captured'],
      what: 'captures of a face: by account. Ten times as many: by number not yet proven, by person over all kiosks, over all recoveries',
      countedFor: 'target',
      ownersWay:
        'their own account until ten others with the register’s name used theirs up; another kiosk; the counter',
      shownBy: 'test/login/methods/face/limits.test.ts',
    },
    {
      names: ['face-begun', 'face-looked', 'face-phones', 'face-typed'],
      what: 'captures begun, stills looked at and phones shown, by login or session; identifiers typed at a kiosk or for a recovery, by network',
      countedFor: 'maker',
      ownersWay: 'not held by others’ tries',
      shownBy: 'test/login/methods/face/face.test.ts',
    },
  ],
  settings,
} as const satisfies MethodDeclaration
