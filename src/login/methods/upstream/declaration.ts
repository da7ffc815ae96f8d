import type { MethodDeclaration } from '../../../config/method-declaration.ts'

/** Sign-in by an account of an existing system, an upstream 上游 (DESIGN 1.7). */
export const upstream = {
  name: 'upstream',
  signIn: {
    phone: 'button',
    computer: 'button',
    kiosk: 'none',
    icon: 'building',
    scripted: false,
    aloneWhenLast: true,
  },
  // a link is no row of `authenticators`: upstream-links.ts counts it
  opensAccounts: true,
  byLinks: true,
  bindsToFace: false,
  proofs: [],
  refusals: {
    upstream_refused: 400,
    upstream_invalid: 502,
    upstream_unavailable: 503,
    upstream_misconfigured: 503,
    upstream_expired: 400,
    upstream_identity_changed: 403,
    upstream_taken: 409,
    upstream_paused: 403,
  },
  auditEvents: {
    'upstream.identity-changed': 'a known account of an upstream came with another document number, and was refused',
    'upstream.link-refused': 'an account of an upstream was not linked',
  },
  hiddenEvents: [],
  notices: {},
  budgets: {
    starts: {
      what: 'sign-ins by an upstream: starts, and answers that it posts',
      by: 'network',
      most: 'YIDENG_ADDRESS_TRIES',
      seconds: 600,
      in: 'store',
    },
  },
  endpoints: {
    '/upstream': ['requests', 'starts'],
    '/login/:attempt/upstream': ['requests', 'starts', 'registrations'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['upstream-network'],
      what: 'starts at an upstream, and answers that it posts, by network',
      countedFor: 'maker',
      ownersWay: 'the other ways to sign in are not counted',
      shownBy: 'test/login/methods/upstream/callback.test.ts',
    },
  ],
  settings: { documented: {}, read: () => ({}) },
} as const satisfies MethodDeclaration
