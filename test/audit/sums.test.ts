import { expect, it } from 'vitest'
import type { AuditEvent } from '../../src/audit/audit-events.ts'
import { createSums } from '../../src/audit/sums.ts'
import { handClock } from '../setup/temporary.ts'

const from = (address: string) => ({ restricted: { address, browser: 'b' } })
const cancelled = (address = '203.0.113.1'): AuditEvent => ({
  event: 'portal.refused',
  actor: 'person',
  clientId: 'c1',
  details: { question: 'login' },
  ...from(address),
})
const refused = (personId: string | undefined, code = 'sign_in_refused', address = '203.0.113.1'): AuditEvent => ({
  event: 'login.refused',
  actor: 'person',
  personId,
  details: { method: 'password', code, tries: Math.random() },
  ...from(address),
})

it('keeps the first event of strangers in a minute, and sums the others with their addresses', () => {
  const { clock, forward } = handClock()
  const sums = createSums(clock)
  expect(sums.takes(cancelled())).toBe(false)
  for (let index = 0; index < 10_000; index += 1) expect(sums.takes(cancelled(`203.0.113.${index % 3}`))).toBe(true)
  expect(sums.due()).toEqual([])
  forward(60_000)
  expect(sums.due()).toEqual([
    {
      event: 'portal.refused',
      actor: 'person',
      personId: undefined,
      details: { question: 'login', more: 10_000, addresses: 3, seconds: 60 },
      restricted: { addresses: '203.0.113.0 ×3334, 203.0.113.1 ×3333, 203.0.113.2 ×3333' },
    },
  ])
  expect(sums.due(true)).toEqual([])
  expect(sums.takes(cancelled())).toBe(false)
})

it('keeps the first refused sign-in of a person of each kind in an hour, and sums the others', () => {
  const { clock, forward } = handClock()
  const sums = createSums(clock)
  expect(sums.takes(refused('p1'))).toBe(false)
  expect(sums.takes(refused('p2'))).toBe(false)
  expect(sums.takes(refused('p1', 'too_many_tries'))).toBe(false)
  forward(3_599_000)
  expect(sums.takes(refused('p1'))).toBe(true)
  forward(1000)
  // The next hour begins before the sum of this hour is read.
  expect(sums.takes(refused('p1'))).toBe(false)
  expect(sums.due()).toMatchObject([
    { event: 'login.refused', personId: 'p1', details: { method: 'password', code: 'sign_in_refused', more: 1 } },
  ])
})

it('sums no events of known actors', () => {
  const sums = createSums(handClock().clock)
  const done: AuditEvent[] = [
    { event: 'login.succeeded', actor: 'person', personId: 'p1' },
    { event: 'client.secret-guessed', actor: 'portal', clientId: 'c1' },
    { event: 'house.braked', actor: 'system' },
    { event: 'administrator.acted', actor: 'administrator:p1' },
    { event: 'device.refused', actor: 'person', personId: 'p1' },
  ]
  for (const event of [...done, ...done]) expect(sums.takes(event)).toBe(false)
})

it('has bounded memory for any accounts and addresses', () => {
  const { clock, forward } = handClock()
  const sums = createSums(clock)
  let kept = 0
  for (let index = 0; index < 60_000; index += 1) {
    if (!sums.takes(refused(`p${index}`))) kept += 1
    sums.takes(refused('p1', 'sign_in_refused', `2001:db8:${index}::`))
  }
  expect(kept).toBe(50_000)
  forward(60_000)
  const [rest, ...others] = sums.due()
  expect(others).toEqual([])
  expect(rest).toMatchObject({ event: 'login.refused', personId: undefined, details: { more: 9999 } })
  expect(sums.due(true)).toMatchObject([{ personId: 'p1', details: { addresses: 1000, more: 60_000 } }])
})

it('returns all open sums at the end', () => {
  const sums = createSums(handClock().clock)
  sums.takes(cancelled())
  sums.takes(cancelled())
  expect(sums.due(true)).toMatchObject([{ details: { more: 1 } }])
})
