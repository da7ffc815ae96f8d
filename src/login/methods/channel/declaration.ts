import type { MethodDeclaration } from '../../../config/method-declaration.ts'

/** Sign-in by a vendor's account that its person has bound (WeChat, Alipay; DESIGN 1.6). */
export const channel = {
  name: 'channel',
  // in the vendor's own app it comes alone (LoginMethod.here)
  signIn: { phone: 'tile', computer: 'tile', kiosk: 'none', icon: 'phone', scripted: false, aloneWhenLast: false },
  opensAccounts: true,
  origin: 'namespace',
  bindsToFace: false,
  proofs: [],
  refusals: {
    not_by_channel: 403,
    channel_refused: 400,
    channel_snapshot: 403,
    channel_blocked: 403,
    channel_held: 403,
    channel_unavailable: 503,
    channel_misconfigured: 503,
    channel_expired: 400,
    channel_taken: 409,
  },
  auditEvents: {
    'channel.bound': 'a person bound an account of a channel',
    'channel.unbound': 'the binding of an account of a channel was removed',
    'channel.released': 'a person released a binding that a recovery had held',
    'channel.bind-refused': 'an account of a channel was not bound',
  },
  hiddenEvents: [],
  notices: {},
  budgets: {
    tickets: {
      what: 'sign-ins by a channel: tickets, and starts at a vendor',
      by: 'network',
      most: 'YIDENG_ADDRESS_TRIES',
      seconds: 600,
      in: 'store',
    },
  },
  endpoints: {
    '/api/channel': ['requests', 'tickets'],
    '/channel': ['requests'],
    '/login/:attempt/channel': ['requests', 'tickets'],
  },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['channel-network', 'channel-login'],
      what: 'tickets and starts of a channel, by network and by running login',
      countedFor: 'maker',
      ownersWay: 'the other ways to sign in are not counted; a new login has a count of its own',
      shownBy: 'test/login/methods/channel/mini-program.test.ts',
    },
  ],
  settings: { documented: {}, read: () => ({}) },
} as const satisfies MethodDeclaration
