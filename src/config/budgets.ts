import { declared, type DeclaredKey } from '../login-methods.ts'
import type { Budget } from './budget.ts'

const network = 'network'

const common = {
  requests: { what: 'requests', by: network, most: 'YIDENG_ADDRESS_REQUESTS', seconds: 10, in: 'process' },
  refusedCalls: {
    what: 'refused unauthenticated calls',
    by: `${network} without client authentication in the last hour`,
    most: 'YIDENG_ADDRESS_REQUESTS',
    seconds: 10,
    in: 'process',
  },
  calls: {
    what: 'calls',
    by: `client; client and ${network} where it has no secret`,
    most: 'YIDENG_PORTAL_CALLS',
    seconds: 60,
    in: 'process',
  },
  stored: {
    what: 'kilobytes stored for callers without sign-in and client authentication',
    by: network,
    most: 'YIDENG_ADDRESS_STORED',
    seconds: 600,
    in: 'process',
  },
  secrets: { what: 'wrong secrets', by: `client and ${network}`, most: 20, seconds: 60, in: 'store' },
  deviceTries: { what: 'codes requested or typed', by: network, most: 60, seconds: 600, in: 'store' },
  adminRefusals: { what: 'calls without the right to make them', by: network, most: 60, seconds: 600, in: 'store' },
  signInTries: { what: 'tried identifiers', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  recoveries: { what: 'tries', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  lookups: {
    what: 'lookups of people by document number, phone, username or name',
    by: 'administrator',
    most: 120,
    seconds: 3600,
    in: 'store',
  },
  registrations: {
    what: 'registrations',
    by: network,
    most: 'YIDENG_ADDRESS_REGISTRATIONS',
    seconds: 3600,
    in: 'store',
  },
  memory: {
    what: 'answers from memory, without a request to a store',
    by: 'none',
    most: 0,
    seconds: 0,
    in: 'process',
  },
  oneAtATime: {
    what: 'one store request at a time, whose answer all waiting callers get',
    by: 'none',
    most: 1,
    seconds: 0,
    in: 'process',
  },
} as const satisfies Record<string, Budget>

export type BudgetName = keyof typeof common | DeclaredKey<'budgets'>

/** What one caller may ask for; docs/limits.md is made from it. Each login method declares its own. */
export const budgets = { ...common, ...declared('budgets') }
