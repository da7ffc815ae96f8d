import { join } from 'node:path'
import type { QrEvent, QrTimes } from '../../../../src/login/methods/qr/states.ts'
import { createQrTransactions, type QrOpening } from '../../../../src/login/methods/qr/transactions.ts'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'

export const times: QrTimes = { frame: 4, shown: 60, signIn: 300, decide: 120, redeem: 30, redeemWithCode: 60 }

/** A scan whose look was at the same moment; the others as they are. */
export type Act =
  | QrEvent
  | { kind: 'scan'; scanner: string; n: number; seenAt?: number; handedAt?: number; byLink?: boolean }
export const atOnce = (act: Act, now: number): QrEvent =>
  act.kind === 'scan' ? { seenAt: now, byLink: false, ...act } : act

export const opening: QrOpening = {
  attempt: 'attempt',
  clientId: 'portal',
  domain: 'www.gd.gov.cn',
  level: 3,
  scopes: ['openid'],
  claims: [],
  legalPerson: false,
  waiter: 'computer',
  computer: 'sealed',
}

/** What each side does when all goes well. */
export const good = {
  scan: { kind: 'scan', scanner: 'phone', n: 0 },
  identify: { kind: 'identify', scanner: 'phone', personId: 'person', needsCode: false },
  approve: {
    kind: 'approve',
    scanner: 'phone',
    personId: 'person',
    level: 3,
    needsCode: false,
    session: { uid: 'phone', at: 1 },
  },
  redeem: { kind: 'redeem', waiter: 'computer' },
} as const satisfies Record<string, Act>

/** Two processes on one store, one clock that moves when told to, and a transaction just begun. */
export async function begun(overrides: Partial<QrOpening> = {}) {
  const { clock, forward } = handClock()
  const file = join(temporaryDirectory(), 'artifacts.sqlite')
  const open = () =>
    createQrTransactions({ artifacts: openSqliteArtifacts(file, clock), publish: () => undefined, clock, times })
  const [one, other] = [open(), open()]
  const { id } = await one.create({ ...opening, ...overrides })
  const apply = async (...acts: Act[]) => {
    let last
    for (const act of acts) last = await one.apply(id, atOnce(act, clock()))
    return { state: last?.after.state, reason: last?.after.reason, refused: last?.refused }
  }
  return { id, one, other, forward, clock, apply, state: async () => (await one.find(id))?.state }
}
