/**
 * A limit for one caller; docs/limits.md is generated from these. `most` is a number or the name of its setting.
 * `in`: counted in the memory of each process, or in the artifact store, which all processes share.
 */
export interface Budget {
  what: string
  by: string
  most: number | string
  seconds: number
  in: 'process' | 'store'
}

const network = 'network'

export const budgets = {
  requests: { what: 'requests', by: network, most: 'YIDENG_ADDRESS_REQUESTS', seconds: 10, in: 'process' },
  refusedCalls: {
    what: 'refused calls of strangers',
    by: `${network} without a client within the hour`,
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
    what: 'kilobytes stored without a sign-in and without client authentication',
    by: network,
    most: 'YIDENG_ADDRESS_STORED',
    seconds: 600,
    in: 'process',
  },
  secrets: { what: 'wrong secrets', by: `client and ${network}`, most: 20, seconds: 60, in: 'store' },
  deviceTries: { what: 'codes requested or typed', by: network, most: 60, seconds: 600, in: 'store' },
  adminRefusals: { what: 'calls without permission', by: network, most: 60, seconds: 600, in: 'store' },
  signInTries: { what: 'identifiers tried', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  recoveries: { what: 'tries', by: network, most: 'YIDENG_ADDRESS_TRIES', seconds: 600, in: 'store' },
  registrations: {
    what: 'registrations',
    by: network,
    most: 'YIDENG_ADDRESS_REGISTRATIONS',
    seconds: 3600,
    in: 'store',
  },
  qrStarts: { what: 'started logins', by: network, most: 'YIDENG_QR_ADDRESS_CREATIONS', seconds: 300, in: 'store' },
  qrScans: { what: 'views and claims', by: network, most: 600, seconds: 600, in: 'store' },
  memory: {
    what: 'answers from memory, without a store',
    by: 'nobody',
    most: 0,
    seconds: 0,
    in: 'process',
  },
  oneAtATime: {
    what: 'one store request at a time, shared by simultaneous callers',
    by: 'nobody',
    most: 1,
    seconds: 0,
    in: 'process',
  },
} as const satisfies Record<string, Budget>

export type BudgetName = keyof typeof budgets
