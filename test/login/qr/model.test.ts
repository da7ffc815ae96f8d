import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deadline, step, type QrEvent, type QrTransaction } from '../../../src/login/qr/states.ts'
import { opening, times } from './transaction.ts'

const scanner = fc.constantFrom('phone', 'another')
const waiter = fc.constantFrom('computer', 'elsewhere')
const personId = fc.constantFrom('person', 'stranger')
const level = fc.constantFrom(2, 3, 4)

/** Anybody does anything, in any order, at any moment. */
const event: fc.Arbitrary<QrEvent> = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('scan' as const), scanner, n: fc.nat(70) }),
  fc.record({ kind: fc.constant('identify' as const), scanner, personId, needsCode: fc.boolean() }),
  fc.record({ kind: fc.constant('wish' as const), scanner, personId }),
  fc.record({
    kind: fc.constant('approve' as const),
    scanner,
    personId,
    level,
    session: fc.constant({ uid: 'phone', at: 1 }),
  }),
  fc.record({ kind: fc.constant('decline' as const), scanner }),
  fc.record({ kind: fc.constant('stop' as const), scanner, reason: fc.constant('risk') }),
  fc.record({ kind: fc.constant('code' as const), waiter, right: fc.boolean(), tries: fc.constant(3) }),
  fc.record({ kind: fc.constant('redeem' as const), waiter }),
  fc.record({ kind: fc.constant('cancel' as const), waiter }),
)

const history = fc.array(fc.record({ event, after: fc.oneof(fc.constant(0), fc.nat(3000), fc.nat(130_000)) }), {
  minLength: 1,
  maxLength: 12,
})

/** Mostly what leads to a sign-in, so that the model sees its end as well as its middle. */
const mostlyGood = fc.tuple(fc.nat(5), history).map(([length, rest]) => {
  const path: QrEvent[] = [
    { kind: 'scan', scanner: 'phone', n: 0 },
    { kind: 'identify', scanner: 'phone', personId: 'person', needsCode: rest.length % 2 === 0 },
    { kind: 'approve', scanner: 'phone', personId: 'person', level: 3, session: { uid: 'phone', at: 1 } },
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

describe('the states of a login by QR code, whatever anybody does', () => {
  it('are left only forwards, by the right people, in time, and a sign-in has everything it needs', () => {
    let signIns = 0
    fc.assert(
      fc.property(mostlyGood, fc.constantFrom<2 | 3 | 4>(2, 3, 4), (acts, asked) => {
        let now = 1_000_000
        const blank = { state: 'created', createdAt: now, needsCode: false, codeRight: false, wrongCodes: 0 } as const
        let transaction: QrTransaction = { ...blank, ...opening, level: asked }
        for (const { event: act, after } of acts) {
          now += after
          const before = transaction
          const outcome = step(before, act, now, times)
          transaction = outcome.after
          expect(allowed[before.state] ?? [before.state]).toContain(transaction.state)
          if (now >= deadline(before, times)) expect(transaction.state).toBe('expired')
          const moved = transaction.state !== before.state
          if (!moved) continue
          if (transaction.state === 'scanned') {
            if (act.kind !== 'scan') throw new Error('scanned without a scan')
            expect(Math.abs(now - before.createdAt - act.n * 1000)).toBeLessThanOrEqual(4000)
          }
          if (transaction.state === 'approved') {
            expect(act).toMatchObject({ kind: 'approve', scanner: before.scanner, personId: before.personId })
            expect(transaction.phoneLevel).toBeGreaterThanOrEqual(asked)
            expect(now - (before.scannedAt ?? 0)).toBeLessThan(120_000)
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
      { numRuns: 3000 },
    )
    expect(signIns).toBeGreaterThan(20)
  })
})
