import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deadline,
  isLookFresh,
  isOpen,
  step,
  type QrEvent,
  type QrTransaction,
} from '../../../../src/login/methods/qr/states.ts'
import { atOnce, opening, times, type Act } from './transaction.ts'
import { inLongRun } from '../../../setup/long-run.ts'

const scanner = fc.constantFrom('phone', 'another')
const waiter = fc.constantFrom('computer', 'elsewhere')
const personId = fc.constantFrom('person', 'stranger')
const level = fc.constantFrom(2, 3, 4)

/** A look: at which frame, by whom, how they came to it. It changes nothing; only what it is claimed with later is kept. */
interface Look {
  kind: 'look'
  scanner: string
  n: number
  byLink: boolean
}

/** A mini program hands a frame over: it changes nothing, and gives a ticket where the frame is on the screen. */
interface HandOver {
  kind: 'hand-over'
  n: number
}

/** A browser comes with a ticket and looks; any browser may, for a ticket is in an address. */
interface LookByTicket {
  kind: 'look-by-ticket'
  scanner: string
  which: number
}

type Step = Look | HandOver | LookByTicket | Act | { kind: 'claim'; which: number }

/** Every actor does every act, in any order, at any moment. */
const event: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('look' as const), scanner, n: fc.nat(70), byLink: fc.boolean() }),
  fc.record({ kind: fc.constant('hand-over' as const), n: fc.nat(70) }),
  fc.record({ kind: fc.constant('look-by-ticket' as const), scanner, which: fc.nat(3) }),
  fc.record({ kind: fc.constant('claim' as const), which: fc.nat(5) }),
  fc.record({ kind: fc.constant('scan' as const), scanner, n: fc.nat(70) }),
  fc.record({ kind: fc.constant('identify' as const), scanner, personId, needsCode: fc.boolean() }),
  fc.record({ kind: fc.constant('wish' as const), scanner, personId }),
  fc.record({
    kind: fc.constant('approve' as const),
    scanner,
    personId,
    level,
    needsCode: fc.boolean(),
    session: fc.constant({ uid: 'phone', at: 1 }),
  }),
  fc.record({ kind: fc.constant('decline' as const), scanner }),
  fc.record({ kind: fc.constant('stop' as const), scanner, reason: fc.constant('risk') }),
  fc.record({ kind: fc.constant('code' as const), waiter, right: fc.boolean(), tries: fc.constant(3) }),
  fc.record({ kind: fc.constant('redeem' as const), waiter }),
  fc.record({ kind: fc.constant('cancel' as const), waiter }),
)

const history = fc.array(fc.record({ event, after: fc.oneof(fc.constant(0), fc.nat(3000), fc.nat(330_000)) }), {
  minLength: 1,
  maxLength: 12,
})

/** Mostly what leads to a sign-in, so that the model sees its end as well as its middle. */
const mostlyGood = fc.tuple(fc.nat(6), history).map(([length, rest]) => {
  const first: Step[] =
    rest.length % 5 === 0
      ? [
          { kind: 'hand-over', n: 0 },
          { kind: 'look-by-ticket', scanner: 'phone', which: 0 },
        ]
      : [{ kind: 'look', scanner: 'phone', n: 0, byLink: rest.length % 3 === 0 }]
  const path: Step[] = [
    ...first,
    { kind: 'claim', which: 0 },
    { kind: 'identify', scanner: 'phone', personId: 'person', needsCode: rest.length % 2 === 0 },
    {
      kind: 'approve',
      scanner: 'phone',
      personId: 'person',
      level: 3,
      needsCode: rest.length % 4 === 0,
      session: { uid: 'phone', at: 1 },
    },
    { kind: 'code', waiter: 'computer', right: true, tries: 3 },
    { kind: 'redeem', waiter: 'computer' },
  ]
  return [...path.slice(0, length).map((one) => ({ event: one, after: 100 })), ...rest]
})

const allowed: Record<string, string[]> = {
  created: ['created', 'scanned', 'expired', 'aborted'],
  scanned: ['scanned', 'approved', 'declined', 'expired', 'aborted'],
  approved: ['approved', 'redeemed', 'expired', 'aborted'],
}

/** No act lets a claim last longer than a sign-in and a decision, and no act starts a clock again. */
function expectBounded(before: QrTransaction, claimed: QrTransaction): void {
  expect(deadline(claimed, times) - (claimed.scannedAt ?? 0)).toBeLessThanOrEqual(420_000)
  if (before.scannedAt !== undefined) expect(claimed.scannedAt).toBe(before.scannedAt)
  if (before.askedAt !== undefined) expect(claimed.askedAt).toBe(before.askedAt)
  expect(claimed.askedAt === undefined).toBe(claimed.personId === undefined)
}

describe('the states of a login by QR code, after any sequence of acts', () => {
  it('are left only forwards, by the right people, in time, and a sign-in has everything it needs', () => {
    const runs = inLongRun(1000, 10_000)
    let signIns = 0
    let claimsByTicket = 0
    fc.assert(
      fc.property(mostlyGood, fc.constantFrom<2 | 3 | 4>(2, 3, 4), fc.nat(700), (acts, asked, lasts) => {
        let now = 1_000_000
        // the computer's own login may end at any moment
        const endsAt = now + lasts * 1000
        const blank = { state: 'created', createdAt: now, needsCode: false, codeRight: false, wrongCodes: 0 } as const
        let transaction: QrTransaction = { ...blank, ...opening, level: asked, endsAt }
        const looks: Extract<QrEvent, { kind: 'scan' }>[] = []
        const tickets: { n: number; handedAt: number }[] = []
        for (const { event: given, after } of acts) {
          now += after
          if (given.kind === 'look') {
            const { scanner: who, n, byLink } = given
            looks.push({ kind: 'scan', scanner: who, n, byLink, seenAt: now })
            continue
          }
          if (given.kind === 'hand-over') {
            const { n } = given
            const seen = { seenAt: now, byLink: true }
            if (isLookFresh(transaction, n, seen, now, times)) tickets.push({ n, handedAt: now })
            continue
          }
          if (given.kind === 'look-by-ticket') {
            const ticket = tickets[given.which]
            if (ticket) looks.push({ kind: 'scan', scanner: given.scanner, byLink: true, seenAt: now, ...ticket })
            continue
          }
          const claimed = given.kind === 'claim' ? looks[given.which] : given
          if (!claimed) continue
          const before = transaction
          const act = atOnce(claimed, now)
          const outcome = step(before, act, now, times)
          transaction = outcome.after
          expect(allowed[before.state] ?? [before.state]).toContain(transaction.state)
          if (now >= deadline(before, times)) expect(transaction.state).toBe('expired')
          if (isOpen(transaction)) expect(deadline(transaction, times)).toBeLessThanOrEqual(endsAt)
          if (transaction.state === 'scanned') expectBounded(before, transaction)
          const moved = transaction.state !== before.state
          if (!moved) continue
          if (transaction.state === 'scanned') {
            if (act.kind !== 'scan') throw new Error('scanned without a scan')
            // the frame was on the screen at the look or at the hand-over, and the browser claimed it soon
            const { handedAt = act.seenAt } = act
            expect(Math.abs(handedAt - before.createdAt - act.n * 1000)).toBeLessThanOrEqual(4000)
            expect(act.seenAt - handedAt).toBeLessThanOrEqual(60_000)
            expect(now - act.seenAt).toBeLessThanOrEqual(20_000)
            expect(transaction).toMatchObject({ scanner: act.scanner, byLink: act.byLink })
            if (act.handedAt !== undefined) {
              claimsByTicket += 1
              // the digits are asked for: risk.ts takes them from `byLink`
              expect(transaction.byLink).toBe(true)
            }
          }
          if (transaction.state === 'approved') {
            expect(act).toMatchObject({ kind: 'approve', scanner: before.scanner, personId: before.personId })
            expect(transaction.phoneLevel).toBeGreaterThanOrEqual(asked)
            if (act.kind === 'approve' && act.needsCode) expect(transaction.needsCode).toBe(true)
            if (before.needsCode) expect(transaction.needsCode).toBe(true)
            // before a wish the time to decide counts from the question, and never from the sign-in
            if (before.wishedAt === undefined) expect(now - (before.askedAt ?? 0)).toBeLessThan(120_000)
            expect(now - (before.scannedAt ?? 0)).toBeLessThan(420_000)
          }
          if (transaction.state === 'redeemed') {
            signIns += 1
            expect(act).toEqual({ kind: 'redeem', waiter: 'computer' })
            expect(transaction.personId).toBeDefined()
            expect(!transaction.needsCode || transaction.codeRight).toBe(true)
            expect(transaction.wrongCodes).toBeLessThan(3)
          }
        }
      }),
      { numRuns: runs },
    )
    expect(signIns).toBeGreaterThan(runs / 150)
    expect(claimsByTicket).toBeGreaterThan(runs / 150)
  })
})
