import { describe, expect, it } from 'vitest'
import { frameNow } from '../../../../src/login/methods/qr/states.ts'
import { atOnce, begun, good, opening, times } from './transaction.ts'

describe('a login by QR code', () => {
  it('goes from scan to redemption', async () => {
    const { apply, forward } = await begun()
    expect(await apply(good.scan)).toMatchObject({ state: 'scanned', refused: undefined })
    forward(119_000)
    expect(await apply(good.identify, good.approve)).toMatchObject({ state: 'approved', refused: undefined })
    forward(29_000)
    expect(await apply(good.redeem)).toMatchObject({ state: 'redeemed', refused: undefined })
  })

  it('shows a new frame each second, for a minute', async () => {
    const { id, one, clock, forward } = await begun()
    const shown = []
    for (let second = 0; second < 62; second += 1) {
      const transaction = await one.find(id)
      shown.push(transaction && frameNow(transaction, clock(), times))
      forward(1000)
    }
    expect(shown).toEqual([...Array.from({ length: 60 }, (_, n) => n), undefined, undefined])
  })
})

describe('attacks on a login by QR code', () => {
  it('a frame older than 4 seconds, or from the future, is refused and changes nothing', async () => {
    const { apply, forward, state } = await begun()
    expect(await apply({ ...good.scan, n: 3 })).toEqual({ state: 'created', reason: undefined, refused: 'stale' })
    forward(4001)
    expect(await apply(good.scan)).toMatchObject({ state: 'created', refused: 'stale' })
    expect(await state()).toBe('created')
    expect(await apply({ ...good.scan, n: 4 })).toMatchObject({ state: 'scanned' })
  })

  it('no frame is taken after the minute, not even the last one', async () => {
    const { apply, forward } = await begun()
    forward(64_000)
    expect(await apply({ ...good.scan, n: 59 })).toMatchObject({ refused: 'stale' })
    expect(await apply({ ...good.scan, n: 64 })).toMatchObject({ refused: 'stale', state: 'expired' })
  })

  it('a claim counts by the moment of its look, and comes within twenty seconds', async () => {
    const { apply, forward, clock } = await begun()
    const seenAt = clock()
    forward(20_001)
    expect(await apply({ ...good.scan, seenAt })).toMatchObject({ state: 'created', refused: 'stale' })
    expect(await apply({ ...good.scan, n: 20, seenAt: clock() + 1001 })).toMatchObject({ refused: 'stale' })
    // a frame of now, by a look from before it was shown
    expect(await apply({ ...good.scan, n: 20, seenAt: clock() - 3000 })).toMatchObject({ refused: 'stale' })
    expect(await apply({ ...good.scan, n: 1, seenAt: seenAt + 5000 })).toMatchObject({ state: 'scanned' })
  })

  it('a claim by a ticket counts by the moment of the hand-over, and as one by a link', async () => {
    const late = await begun()
    late.forward(5000)
    const handedAt = late.clock()
    late.forward(50_000)
    // the frame of 5 s before the hand-over was out of date then
    expect(await late.apply({ ...good.scan, n: 0, handedAt, byLink: true })).toMatchObject({ refused: 'stale' })
    expect(await late.apply({ ...good.scan, n: 5, handedAt, byLink: false })).toMatchObject({ state: 'scanned' })
    expect((await late.one.find(late.id))?.byLink).toBe(true)
    const later = await begun()
    const first = later.clock()
    later.forward(60_001)
    expect(await later.apply({ ...good.scan, handedAt: first, byLink: true })).toMatchObject({ refused: 'stale' })
  })

  it('two browsers with tickets of one frame abort both', async () => {
    const { apply, clock, forward } = await begun()
    const handedAt = clock()
    forward(20_000)
    expect(await apply({ ...good.scan, handedAt, byLink: true })).toMatchObject({ state: 'scanned' })
    const other = { ...good.scan, scanner: 'another', handedAt, byLink: true }
    expect(await apply(other)).toMatchObject({ state: 'aborted', reason: 'second_scan' })
  })

  it('an approval without a passkey asks for the digits, also where the first look did not', async () => {
    const { apply } = await begun()
    await apply(good.scan, good.identify, { ...good.approve, needsCode: true })
    expect(await apply(good.redeem)).toMatchObject({ state: 'approved', refused: 'wrong_code' })
  })

  it('a second scan of a fresh frame aborts both', async () => {
    const { apply } = await begun()
    await apply(good.scan)
    expect(await apply({ ...good.scan, scanner: 'another' })).toEqual({
      state: 'aborted',
      reason: 'second_scan',
      refused: 'ended',
    })
    expect(await apply(good.identify)).toMatchObject({ refused: 'ended' })
    expect(await apply(good.redeem)).toMatchObject({ refused: 'ended', state: 'aborted' })
  })

  it('a second scan ends even an approved login, but an old picture changes nothing', async () => {
    const { apply, forward } = await begun()
    await apply(good.scan, good.identify, good.approve)
    expect(await apply(good.scan)).toMatchObject({ state: 'approved', refused: undefined })
    forward(4001)
    expect(await apply({ ...good.scan, scanner: 'another' })).toMatchObject({ state: 'approved', refused: 'stale' })
    const second = await begun()
    await second.apply(good.scan, good.identify, good.approve)
    expect(await second.apply({ ...good.scan, scanner: 'another' })).toMatchObject({ state: 'aborted' })
  })

  it('another browser, another phone and another person are refused', async () => {
    const { apply } = await begun()
    await apply(good.scan)
    expect(await apply({ ...good.approve, scanner: 'another' })).toMatchObject({
      refused: 'not_yours',
      state: 'scanned',
    })
    expect(await apply(good.approve)).toMatchObject({ refused: 'not_yours', state: 'scanned' })
    await apply(good.identify, good.approve)
    expect(await apply({ ...good.redeem, waiter: 'another' })).toMatchObject({
      refused: 'not_yours',
      state: 'approved',
    })
    expect(await apply({ kind: 'cancel', waiter: 'another' })).toMatchObject({
      refused: 'not_yours',
      state: 'approved',
    })
    const second = await begun()
    expect(await second.apply(good.scan, good.identify, { ...good.approve, personId: 'another' })).toEqual({
      state: 'aborted',
      reason: 'other_person',
      refused: 'not_yours',
    })
  })

  it('an approval after 120 seconds, and a redemption after 30, come too late', async () => {
    const { apply, forward, state } = await begun()
    await apply(good.scan, good.identify)
    forward(120_000)
    expect(await state()).toBe('expired')
    expect(await apply(good.approve)).toEqual({ state: 'expired', reason: 'late_scanned', refused: 'ended' })
    const second = await begun()
    await second.apply(good.scan, good.identify, good.approve)
    second.forward(30_000)
    expect(await second.apply(good.redeem)).toEqual({ state: 'expired', reason: 'late_approved', refused: 'ended' })
  })

  it('a phone that signs in first has its own time, and the clock of the decision starts after it', async () => {
    const { apply, forward, id, one } = await begun()
    await apply(good.scan)
    forward(299_000)
    expect(await apply(good.identify)).toMatchObject({ state: 'scanned', refused: undefined })
    forward(119_000)
    // the same person again starts no clock again
    await apply(good.identify)
    expect((await one.find(id))?.state).toBe('scanned')
    forward(1000)
    expect(await apply(good.approve)).toEqual({ state: 'expired', reason: 'late_scanned', refused: 'ended' })

    const idle = await begun()
    await idle.apply(good.scan)
    idle.forward(300_000)
    expect(await idle.apply(good.identify)).toMatchObject({ state: 'expired', refused: 'ended' })
  })

  it('a person who agreed and signs in once more has time for it; wishing again gives none', async () => {
    const { apply, forward, state } = await begun()
    const wish = { kind: 'wish', scanner: 'phone', personId: 'person' } as const
    await apply(good.scan, good.identify, wish)
    forward(200_000)
    expect(await apply(wish)).toMatchObject({ state: 'scanned' })
    forward(219_000)
    expect(await apply(wish)).toMatchObject({ state: 'scanned' })
    forward(1000)
    expect(await state()).toBe('expired')
  })

  it.each([
    ['created', []],
    ['scanned', [good.scan]],
    ['scanned', [good.scan, good.identify]],
    ['approved', [good.scan, good.identify, good.approve]],
  ] as const)('nothing outlives the login of the computer: %s', async (reached, acts) => {
    const { clock, forward, one, other } = await begun()
    const { id } = await one.create({ ...opening, endsAt: clock() + 10_000 })
    for (const act of acts) await other.apply(id, atOnce(act, clock()))
    forward(9999)
    expect((await other.find(id))?.state).toBe(reached)
    forward(1)
    expect((await other.find(id))?.state).toBe('expired')
  })

  it('a replayed approval or redemption does nothing', async () => {
    const { apply, id, one, other } = await begun()
    await apply(good.scan, good.identify, good.approve)
    expect(await apply(good.approve)).toMatchObject({ refused: 'ended', state: 'approved' })
    const redemptions = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).apply(id, good.redeem)),
    )
    expect(redemptions.filter((taken) => taken?.refused === undefined)).toHaveLength(1)
    expect(await apply(good.approve)).toMatchObject({ refused: 'ended', state: 'redeemed' })
  })

  it('a wrong code is taken three times, then nothing helps', async () => {
    const { apply } = await begun()
    const code = (right: boolean) => ({ kind: 'code', waiter: 'computer', right, tries: 3 }) as const
    await apply(good.scan, { ...good.identify, needsCode: true }, good.approve)
    expect(await apply(good.redeem)).toMatchObject({ refused: 'wrong_code', state: 'approved' })
    expect(await apply(code(false), code(false))).toMatchObject({ refused: 'wrong_code', state: 'approved' })
    expect(await apply(code(false))).toEqual({ state: 'aborted', reason: 'wrong_codes', refused: 'wrong_code' })
    expect(await apply(code(true))).toMatchObject({ refused: 'ended' })
    expect(await apply(good.redeem)).toMatchObject({ refused: 'ended', state: 'aborted' })
    const second = await begun()
    await second.apply(good.scan, { ...good.identify, needsCode: true }, good.approve, code(true))
    expect(await second.apply(good.redeem)).toMatchObject({ state: 'redeemed', refused: undefined })
  })

  it('a code once asked for is not taken back by looking again', async () => {
    const { apply } = await begun()
    await apply(good.scan, { ...good.identify, needsCode: true }, good.identify, good.approve)
    expect(await apply(good.redeem)).toMatchObject({ refused: 'wrong_code' })
  })

  it('a phone of too low a level ends it', async () => {
    const { apply } = await begun({ level: 4 })
    expect(await apply(good.scan, good.identify, good.approve)).toEqual({
      state: 'aborted',
      reason: 'level',
      refused: 'level',
    })
  })

  it('of two server processes on one store exactly one takes the scan, and both phones are sent away', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id, one, other, clock } = await begun()
      const [first, second] = await Promise.all([
        one.apply(id, atOnce(good.scan, clock())),
        other.apply(id, atOnce({ ...good.scan, scanner: 'another' }, clock())),
      ])
      expect([first?.refused, second?.refused].filter((taken) => taken === undefined)).toHaveLength(1)
      expect(await one.find(id)).toMatchObject({ state: 'aborted', reason: 'second_scan' })
      expect(await other.find(id)).toMatchObject({ state: 'aborted', reason: 'second_scan' })
    }
  })
})
