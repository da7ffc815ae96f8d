import { declared, type DeclaredKey } from '../login-methods.ts'
import type { Budget } from './budget.ts'

const network = 'network'

const common = {
  requests: { what: 'requests', by: network, most: 'YIDENG_ADDRESS_REQUESTS', seconds: 10, in: 'process' },
  refusedCalls: {
    what: 'calls that were refused and proved no client',
    by: `${network}, unless a client proved itself from it within the hour`,
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
    what: 'kilobytes stored for who is not signed in and proved no client',
    by: network,
    most: 'YIDENG_ADDRESS_STORED',
    seconds: 600,
    in: 'process',
  },
  secrets: { what: 'wrong secrets', by: `client and ${network}`, most: 20, seconds: 60, in: 'store' },
  deviceTries: { what: 'codes asked for or typed', by: network, most: 60, seconds: 600, in: 'store' },
  adminRefusals: { what: 'calls without a right to them', by: network, most: 60, seconds: 600, in: 'store' },
  signInTries: { what: 'identifiers tried', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  recoveries: { what: 'tries', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  registrations: {
    what: 'registrations',
    by: network,
    most: 'YIDENG_ADDRESS_REGISTRATIONS',
    seconds: 3600,
    in: 'store',
  },
  memory: {
    what: 'answers from memory: nothing is asked of a store',
    by: 'nobody',
    most: 0,
    seconds: 0,
    in: 'process',
  },
  oneAtATime: {
    what: 'one at a time is asked of the stores, whoever asks meanwhile gets the same answer',
    by: 'nobody',
    most: 1,
    seconds: 0,
    in: 'process',
  },
} as const satisfies Record<string, Budget>

export type BudgetName = keyof typeof common | DeclaredKey<'budgets'>

/** What one caller may ask for; docs/limits.md is made from it. Each login method declares its own. */
export const budgets = { ...common, ...declared('budgets') }
