import type { MethodDeclaration } from '../../../config/method-declaration.ts'
import { settings } from './settings.ts'

/** 扫码登录: a phone that is signed in lets a computer sign in. */
export const qr = {
  name: 'qr',
  signIn: { phone: 'tile', computer: 'panel', kiosk: 'panel', icon: 'phones', scripted: true, aloneWhenLast: false },
  opensAccounts: false,
  bindsToFace: false,
  proofs: [{ by: 'mac', algorithms: ['SHA-256'], code: 'src/login/methods/qr/code-frames.ts' }],
  refusals: {
    not_by_qr: 403,
    mandates_not_by_qr: 403,
    qr_gone: 400,
    qr_ended: 400,
  },
  auditEvents: {
    'qr.scanned': 'a phone scanned the QR code of a waiting browser; the risk was assessed',
    'qr.approved': 'a person let a waiting browser sign in by QR code',
    'qr.declined': 'a person refused a browser that waited to sign in by QR code',
    'qr.ended': 'a login by QR code ended without a sign-in after it was scanned',
    'qr.refused': 'a scan, a decision or a code of a login by QR code was refused',
    'qr.paused': 'login by QR code was switched off for a day after several refusals',
  },
  hiddenEvents: ['qr.scanned', 'qr.ended'],
  notices: {
    'signed-in-by-qr': '/account/qr',
  },
  budgets: {
    qrStarts: { what: 'logins begun', by: 'network', most: 'YIDENG_QR_ADDRESS_CREATIONS', seconds: 300, in: 'store' },
    qrScans: { what: 'looks and claims', by: 'network', most: 600, seconds: 600, in: 'store' },
  },
  endpoints: {
    '/api/channel/:id/scan': ['requests', 'qrScans'],
    '/api/qr': ['requests', 'qrScans'],
    '/login/:attempt/qr/start': ['requests', 'qrStarts'],
    '/q': ['requests', 'qrScans'],
  },
  topics: { qr: 'a login by QR code' },
  browserFiles: {},
  countedTries: [
    {
      names: ['qr-creations', 'qr-shown', 'qr-address-scans'],
      what: 'QR logins begun and looked at, by network; frames shown, by login',
      countedFor: 'maker',
      ownersWay: 'not held by others’ tries',
      shownBy: 'test/login/methods/qr/servers.test.ts',
    },
    {
      names: ['qr-scans', 'qr-refusals'],
      what: 'scans and refusals, by the account that is signed in on the phone',
      countedFor: 'maker',
      ownersWay: 'only the person’s own phone scans or refuses',
      shownBy: 'test/login/methods/qr/servers.test.ts',
    },
  ],
  settings,
} as const satisfies MethodDeclaration
